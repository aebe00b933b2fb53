{% set aged_after_seconds = var('aged_after_days') * 86400 %}
{% set probe_gap = var('probe_gap') %}

with

ids as (

    select * from {{ ref('int_known_ids') }}

),

-- probing starts above the highest id with nodes; ids that exist without nodes extend it
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
        and execution_id <= probed_above_id + {{ probe_gap }} * {{ var('most_probe_gaps') }}
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
            -- a settled gap never ages
            when last_outcome = 'not_found' and first_run_loading_higher < last_run_id then false
            -- every run probes these ids
            else not is_probed
        end as is_aged,
        is_loaded
        and last_ledger_outcome = 'not_found'
        and execution_id = probed_above_id as is_gone
    from walked

)

select * from final
