{{ table_counts('nodes.load_plan') }}
