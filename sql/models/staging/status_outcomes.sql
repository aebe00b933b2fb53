-- The user's lines stand first: the first line that holds for a status wins.
{% set built_in_lines = [
    ('terminator state', 'success', 'success'),
    ('terminator state', 'succeeded', 'success'),
    ('terminator state', 'completed', 'success'),
    ('terminator state', 'finished', 'success'),
    ('terminator state', 'finished with errors', 'partial'),
    ('terminator state', 'completed with errors', 'partial'),
    ('terminator state', 'partially succeeded', 'partial'),
    ('terminator state', 'failed', 'failure'),
    ('terminator state', 'failure', 'failure'),
    ('terminator state', 'error', 'failure'),
    ('terminator state', 'interrupted', 'interrupted'),
    ('terminator state', 'canceled', 'interrupted'),
    ('terminator state', 'cancelled', 'interrupted'),
    ('terminator state', 'aborted', 'interrupted'),
    ('terminator state', 'killed', 'interrupted'),
    ('terminator state', 'stopped', 'interrupted'),
    ('terminator state', 'terminated', 'interrupted'),
    ('terminator state', 'skipped', 'skipped'),
    ('terminator state', 'not started', 'skipped'),
    ('terminator state', 'not run', 'skipped'),
    ('terminator state', 'blocked', 'skipped'),
    ('terminator state', 'disabled', 'skipped'),
    ('terminator state', '*', 'unknown'),
    ('load state', 'in queue', 'queued'),
    ('load state', 'queued', 'queued'),
    ('load state', 'pending', 'queued'),
    ('load state', 'waiting', 'queued'),
    ('load state', '*', 'running'),
    ('*', '*', 'unknown'),
] %}

with

lines (priority, state_type, job_status, outcome) as (

    values
    {% for line in var('user_status_outcomes') | list + built_in_lines -%}
        (
            {{ loop.index }},
            {{ text_literal(line[0]) }},
            {{ text_literal(line[1]) }},
            {{ text_literal(line[2]) }}
        ){{ ',' if not loop.last }}
    {% endfor %}

),

final as (

    select
        priority,
        {{ normalized_status('state_type') }} as state_type,
        {{ normalized_status('job_status') }} as job_status,
        outcome
    from lines

)

select * from final
