{{ failure_rates_of_tables(ref('int_table_counts'), ['schema_name', 'table_name']) }}
