{% set k = var('prior_runs') %}

with

series as (

    select * from {{ ref('int_table_series') }}

),

windows as (

    select * from {{ ref('int_table_windows') }}

),

behaviours as (

    select * from {{ ref('int_table_behaviours') }}

),

counts as (

    select
        series.series_id,
        series.tenant_id,
        series.schema_name,
        behaviours.behaviour,
        coalesce(windows.counted, 0) as counted,
        coalesce(windows.errors, 0) as errors
    from series
    inner join behaviours on series.series_id = behaviours.series_id
    left join windows on series.series_id = windows.series_id

),

totals as (

    select
        *,
        sum(counted) over (partition by tenant_id, schema_name) as counted_of_schema,
        sum(errors) over (partition by tenant_id, schema_name) as errors_of_schema,
        {{ rate(
            'sum(errors) over (partition by tenant_id)',
            'sum(counted) over (partition by tenant_id)'
        ) }} as error_rate_of_tenant
    from counts

),

-- each rate is drawn towards the one above it, the more so the fewer runs it stands on
shrunken as (

    select
        *,
        (
            errors + {{ k }} * (
                (errors_of_schema + {{ k }} * error_rate_of_tenant) / (counted_of_schema + {{ k }})
            )
        ) / (counted + {{ k }}) as shrunken_error_rate
    from totals

),

final as (

    select
        series_id,
        counted,
        errors,
        shrunken_error_rate,
        case
            when behaviour <> 'gone' then row_number() over (
                partition by tenant_id, behaviour = 'gone'
                order by shrunken_error_rate desc nulls last, series_id asc
            )
        end as worst_rank
    from shrunken

)

select * from final
