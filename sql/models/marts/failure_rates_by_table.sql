{{ failure_rates('TABLE', ['schema_name', 'table_name']) }}
