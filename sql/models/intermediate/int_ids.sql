{% set aged_after_seconds = var('aged_after_days') * 86400 %}
{% set probe_gap = var('probe_gap') %}

with

asked_ids as (

    select * from {{ ref('int_asked_ids') }}

),

executions as (

    select * from {{ ref('int_executions') }}

),

-- what the nodes say goes before what the ledger says
ids as (

    select
        cluster,
        tenant,
        execution_id,
        executions.nodes is not null as is_loaded,
        executions.is_final,
        case
            when executions.nodes is null then asked_ids.last_outcome else 'loaded'
        end as last_outcome,
        greatest(asked_ids.last_asked_at, executions.last_fetched_at) as last_fetched_at,
        {{ seconds_between('asked_ids.first_asked_at', 'asked_ids.last_asked_at') }}
            as asked_over_seconds,
        asked_ids.last_outcome as last_ledger_outcome,
        asked_ids.last_run_id,
        -- run ids sort by the time that the run started
        min(case when executions.nodes is not null then asked_ids.first_loaded_run_id end) over (
            partition by cluster, tenant order by execution_id
            rows between 1 following and unbounded following
        ) as first_run_loading_higher,
        coalesce(
            max(executions.execution_id) over (partition by cluster, tenant),
            {{ var('first_id') }} - 1
        ) as probed_above_id
    from asked_ids
    full join executions using (cluster, tenant, execution_id)

),

-- new ids are looked for above the highest that has nodes, past those that are there without
placed as (

    select
        *,
        coalesce(max(case when last_outcome != 'not_found' then execution_id end) over (
            partition by cluster, tenant, execution_id > probed_above_id order by execution_id
            rows between unbounded preceding and 1 preceding
        ), probed_above_id) as there_below
    from ids

),

walked as (

    select
        *,
        execution_id > probed_above_id
        and execution_id <= probed_above_id + {{ probe_gap * var('most_probe_gaps') }}
        and execution_id - there_below <= {{ probe_gap }}
        and coalesce(max(
            case when last_outcome != 'not_found' then execution_id - there_below end
        ) over (
            partition by cluster, tenant, execution_id > probed_above_id order by execution_id
            rows between unbounded preceding and 1 preceding
        ), 0) <= {{ probe_gap }} as is_probed
    from placed

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        is_loaded,
        is_final,
        last_outcome,
        last_fetched_at,
        coalesce(asked_over_seconds >= {{ aged_after_seconds }}, false) and case
            when is_loaded then not is_final
            -- a settled gap
            when last_outcome = 'not_found' and first_run_loading_higher < last_run_id then false
            -- every run looks here for new ids
            else not is_probed
        end as is_aged,
        is_loaded and last_ledger_outcome = 'not_found' and execution_id = probed_above_id as is_gone
    from walked

)

select * from final
