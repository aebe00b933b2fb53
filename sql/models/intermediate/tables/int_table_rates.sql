{% set k = var('prior_runs') %}

with

series as (

    select * from {{ ref('int_table_series') }}

),

windows as (

    select * from {{ ref('int_table_windows') }}

),

counts as (

    select
        series.series_id,
        series.tenant_id,
        series.schema_name,
        coalesce(windows.counted, 0) as counted,
        coalesce(windows.errors, 0) as errors
    from series
    left join windows on series.series_id = windows.series_id

),

totals as (

    select
        series_id,
        counted,
        errors,
        sum(counted) over (partition by tenant_id, schema_name) as counted_of_schema,
        sum(errors) over (partition by tenant_id, schema_name) as errors_of_schema,
        sum(counted) over (partition by tenant_id) as counted_of_tenant,
        sum(errors) over (partition by tenant_id) as errors_of_tenant
    from counts

),

-- each rate is pulled toward the rate above it; the fewer its runs, the stronger the pull
schema_rates as (

    select
        series_id,
        counted,
        errors,
        (errors_of_schema + {{ k }} * {{ rate('errors_of_tenant', 'counted_of_tenant') }})
        / (counted_of_schema + {{ k }}) as error_rate_of_schema
    from totals

),

final as (

    select
        series_id,
        counted,
        errors,
        {{ rate('errors', 'counted') }} as error_rate,
        (errors + {{ k }} * error_rate_of_schema) / (counted + {{ k }}) as shrunken_error_rate
    from schema_rates

)

select * from final
