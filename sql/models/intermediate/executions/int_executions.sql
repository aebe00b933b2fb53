with

answers as (

    select * from {{ ref('int_answers') }}

),

status_counts as (

    select
        *,
        case when role = 'table' then nodes else 0 end as tables
    from {{ ref('int_status_counts') }}

),

status_pairs as (

    select * from {{ ref('int_status_pairs') }}

),

asked_ids as (

    select * from {{ ref('int_asked_ids') }}

),

counts as (

    select
        counts.cluster,
        counts.tenant,
        counts.execution_id,
        bool_or(pairs.in_load_state) as is_loading,
        cast(sum(counts.nodes) as bigint) as nodes,
        cast(sum(counts.tables) as bigint) as tables,
        cast(sum(case when pairs.is_counted then counts.tables else 0 end) as bigint)
            as tables_counted,
        cast(sum(case when pairs.is_error then counts.tables else 0 end) as bigint) as table_errors,
        cast(sum(
            case when pairs.outcome in ('skipped', 'interrupted') then counts.tables else 0 end
        ) as bigint) as tables_not_run
    from status_counts as counts
    inner join status_pairs as pairs
        on
            coalesce(counts.state_type, '') = pairs.state_type
            and coalesce(counts.job_status, '') = pairs.job_status
    group by counts.cluster, counts.tenant, counts.execution_id

),

final as (

    select
        answers.cluster,
        answers.tenant,
        answers.execution_id,
        answers.load_plan,
        answers.state_type,
        answers.job_status,
        answers.outcome,
        answers.in_terminator_state and not counts.is_loading as is_final,
        counts.nodes,
        counts.tables,
        counts.tables_counted,
        counts.table_errors,
        counts.tables_not_run,
        coalesce(asked_ids.first_loaded_at, answers.fetched_at) as first_fetched_at,
        answers.fetched_at as last_fetched_at
    from answers
    inner join counts using (cluster, tenant, execution_id)
    left join asked_ids using (cluster, tenant, execution_id)

)

select * from final
