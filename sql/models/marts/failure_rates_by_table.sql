{{ failure_rates_of_tables(
    ref('int_table_counts'), ref('int_table_windows'), ['schema_name', 'table_name']
) }}
