with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

answers as (

    select * from {{ ref('int_answers') }}

),

series as (

    select * from {{ ref('int_table_series') }}

),

buckets as (

    {{ buckets_to_count(this) }}

),

runs as (

    select
        buckets.bucket,
        buckets.version,
        series.series_id,
        nodes.execution_id,
        nodes.node_id,
        nodes.is_error,
        nodes.outcome = 'failure' as is_failure
    from nodes
    inner join answers
        on
            nodes.cluster = answers.cluster
            and nodes.tenant = answers.tenant
            and nodes.execution_id = answers.execution_id
    inner join buckets
        on
            answers.cluster = buckets.cluster
            and answers.tenant = buckets.tenant
            and answers.bucket = buckets.bucket
    inner join series
        on
            nodes.cluster = series.cluster
            and nodes.tenant = series.tenant
            and {{ is_same('nodes.schema_name', 'series.schema_name') }}
            and {{ is_same('nodes.table_name', 'series.table_name') }}
    where nodes.type = 'TABLE' and nodes.is_counted

),

numbered as (

    select
        bucket,
        version,
        series_id,
        execution_id,
        node_id,
        is_error,
        is_failure,
        row_number() over in_order as run_number,
        count(case when is_error then 1 end) over in_order as errors_so_far,
        lag(is_error) over in_order as was_error
    from runs
    window in_order as (partition by series_id, bucket order by execution_id, node_id)

),

-- within a streak of errors the successes before stay the same, and the other way round
streaks as (

    select
        bucket,
        version,
        series_id,
        is_error,
        count(*) as runs,
        count(*) filter (where is_failure) as failures,
        min(run_number) as first_run,
        min(execution_id) as first_execution_id,
        min(node_id) filter (where was_error is distinct from is_error) as first_node_id,
        max(execution_id) as last_execution_id
    from numbered
    group by
        bucket,
        version,
        series_id,
        is_error,
        case when is_error then run_number - errors_so_far else errors_so_far end

),

final as (

    select
        series.cluster,
        series.tenant,
        streaks.bucket,
        streaks.version,
        series.schema_name,
        series.table_name,
        streaks.first_run,
        streaks.is_error,
        streaks.runs,
        streaks.failures,
        streaks.first_execution_id,
        streaks.first_node_id,
        streaks.last_execution_id
    from streaks
    inner join series on streaks.series_id = series.series_id

)

select * from final
