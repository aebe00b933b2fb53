{% set keys = 'cluster, tenant, type, load_plan, group_name, schema_name, table_name, name' %}

with

causes as (

    select * from {{ ref('int_ranked_causes') }}

),

-- fixes follow fix_rank, so an execution is clean once its cause with the greatest rank is fixed
placed as (

    select
        {{ keys }},
        role,
        is_latest,
        execution_id,
        executions_failed,
        executions_only_cause,
        fix_rank,
        max(fix_rank) over (partition by cluster, tenant, execution_id) as clean_from_rank
    from causes

),

fixes as (

    select
        {{ keys }},
        executions_failed,
        executions_only_cause,
        fix_rank,
        max(role) as role,
        bool_or(is_latest) as is_in_latest,
        max(execution_id) as last_execution_id,
        count(*) filter (where fix_rank = clean_from_rank) as executions_cleaned
    from placed
    group by {{ keys }}, executions_failed, executions_only_cause, fix_rank

),

totals as (

    select
        {{ keys }},
        executions_failed,
        executions_only_cause,
        fix_rank,
        role,
        is_in_latest,
        last_execution_id,
        sum(executions_cleaned) over (
            partition by cluster, tenant order by fix_rank
        ) as cleaned_so_far,
        sum(executions_cleaned) over (partition by cluster, tenant) as executions
    from fixes

),

final as (

    select
        {{ keys }},
        executions_failed,
        executions_only_cause,
        {{ rate('executions_failed', 'executions') }} as share_of_failed_executions,
        last_execution_id,
        fix_rank,
        {{ rate('cleaned_so_far', 'executions') }} as cumulative_clean_share,
        cast(executions as bigint) as failed_executions,
        cast(cleaned_so_far as bigint) as cumulative_clean_executions,
        role,
        is_in_latest
    from totals

)

select * from final
