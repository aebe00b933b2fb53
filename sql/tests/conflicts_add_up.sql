-- The numbers of unknown statuses and unknown types equal those in status_ledger.
with

status_ledger as (

    select * from {{ ref('status_ledger') }}

),

status_conflicts as (

    select * from {{ ref('status_conflicts') }}

),

totals as (

    select
        (
            select coalesce(sum(nodes), 0)
            from status_ledger
            where outcome = 'unknown'
        ) as unknown_statuses,
        (
            select coalesce(sum(nodes), 0)
            from status_ledger
            where {{ is_unknown_type('type') }}
        ) as unknown_types,
        (
            select count(*)
            from status_conflicts
            where rule = 'unknown_status'
        ) as conflicts_by_status,
        (
            select count(*)
            from status_conflicts
            where rule = 'unknown_type'
        ) as conflicts_by_type

)

select * from totals
where conflicts_by_status <> unknown_statuses or conflicts_by_type <> unknown_types
