{{ failure_rates_of_tables(
    ref('int_table_counts_by_plan'),
    ref('int_table_squares_by_plan'),
    ['load_plan', 'schema_name', 'table_name']
) }}
