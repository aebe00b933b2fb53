with

asked_ids as (

    select * from {{ ref('int_asked_ids') }}

),

executions as (

    select * from {{ ref('int_executions') }}

),

-- nodes take precedence over the ledger, because an execution with nodes is loaded
final as (

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
        -- run ids sort by the start time of the run
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

)

select * from final
