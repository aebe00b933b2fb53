{{ table_counts('answers.load_plan') }}
