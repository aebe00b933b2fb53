{% set k = var('prior_runs') %}

with

series as (

    select * from {{ ref('int_table_series') }}

),

windows as (

    select * from {{ ref('int_table_windows') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

counts as (

    select
        series.series_id,
        series.tenant_id,
        series.schema_name,
        coalesce(windows.counted, 0) as counted,
        coalesce(windows.errors, 0) as errors,
        tenants.error_rate as error_rate_of_tenant,
        {{ design_effect(
            'windows.errors', 'windows.counted', 'windows.squares', 'tenants.usual_streak'
        ) }} as design_effect
    from series
    inner join tenants on series.tenant_id = tenants.tenant_id
    left join windows on series.series_id = windows.series_id

),

-- each rate is pulled toward the rate above it; the fewer its runs, the stronger the pull
schema_rates as (

    select
        *,
        (sum(errors) over in_schema + {{ k }} * error_rate_of_tenant)
        / (sum(counted) over in_schema + {{ k }}) as error_rate_of_schema
    from counts
    window in_schema as (partition by tenant_id, schema_name)

),

final as (

    select
        series_id,
        counted,
        errors,
        {{ rate('errors', 'counted') }} as error_rate,
        case
            when counted > 0
                then
                    (errors / design_effect + {{ k }} * error_rate_of_schema)
                    / (counted / design_effect + {{ k }})
            else error_rate_of_schema
        end as shrunken_error_rate,
        design_effect
    from schema_rates

)

select * from final
