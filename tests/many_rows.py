"""Many rows at once by SQL: incidents with what real ones have, and long lists of everything else. Also for `bench`."""

from __future__ import annotations

from typing import Any

import psycopg

_FILL = """
with had as (select coalesce(max(last), 0) as n from situation_number where org_id = 1)
insert into situation (org_id, kind, name, project_id, title, description, resolution, status, visibility, type_id,
    severity_id, priority_id, reporter_id, drill, reported_at, changed_at, version)
select 1, 'incident', 'INC-' || had.n + g, p.id, w.words || ' ' || g, 'Since ' || g || ' minutes: ' || w.words || ' is not as it should be. '
    || repeat('More is known by now, and written down here. ', 4), '',
    case when g % 50 = 0 then 'Active' when g % 31 = 0 then 'Stable' else 'Closed' end,
    case when g % 20 = 0 then 'restricted' else 'open' end,
    (select min(id) from situation_type where org_id = 1 and project_id = p.id),
    (select min(id) + g % 5 from severity where org_id = 1 and project_id = p.id),
    (select min(id) + g % 3 from priority where org_id = 1 and project_id = p.id),
    (select min(id) + g % 10 from person where org_id = 1), false,
    now() - make_interval(mins => (:last - g)::int), now(), 1
from generate_series(1, :last) g, had,
    lateral (select id from project where org_id = 1 order by id offset g % 2 limit 1) p,
    lateral (select (array['Checkout', 'Search', 'Login', 'Database failover', 'DNS', 'Payments API', 'Queue backlog',
        'Certificates', 'Deployments', 'Image store'])[1 + g % 10] || ' ' ||
        (array['slow', 'down', 'answers with errors', 'loses data', 'unreachable'])[1 + g % 5] as words) w
"""
_FOLLOW = [
    "create temp table fresh as select s.id, s.reporter_id, s.reported_at from situation s where s.org_id = 1"
    " and not exists (select from participant p where p.org_id = 1 and p.situation_id = s.id)",
    "insert into participant (org_id, situation_id, person_id, added_at, added_reason, note)"
    " select 1, f.id, (select min(id) from person where org_id = 1) + (f.id + k) % 10, f.reported_at, '', ''"
    " from fresh f, generate_series(0, 4) k",
    "insert into participant_role (org_id, situation_id, participant_id, role, assumed_at, acknowledged_at)"
    " select 1, p.situation_id, p.id, (array['Commander', 'Reporter', 'Participant', 'Participant', 'Scribe'])"
    "[row_number() over (partition by p.situation_id order by p.id)], p.added_at, p.added_at"
    " from participant p join fresh f on f.id = p.situation_id where p.org_id = 1",
    "insert into event (org_id, subject_kind, subject_id, at, actor, fact, data, pinned)"
    " select 1, 'incident', f.id, f.reported_at + make_interval(mins => k), f.reporter_id, 'command.acknowledged',"
    " jsonb_build_object('person_id', f.reporter_id), false from fresh f, generate_series(1, 6) k",
    "with run as (insert into flow_run (org_id, flow, version, subject_kind, subject_id, event_id, data, started_at)"
    " select 1, 'incident.set_up', 1, 'incident', f.id, 0, '{}', f.reported_at from fresh f returning id, started_at)"
    " insert into flow_step (org_id, run_id, name, position, state, ready, attempts, crashes, claim, reason, hint,"
    " deadline_at, changed_at, done_at)"
    " select 1, run.id, n, 0, case when run.id % 40 = 0 and n = 'bridge' then 'failed' else 'done' end, true, 1, 0, 1, '', '',"
    " run.started_at, run.started_at, run.started_at from run, unnest(array['page', 'channel', 'people', 'topic',"
    " 'welcome', 'welcome_dm', 'ticket', 'document', 'bridge', 'summary', 'announce']) n",
    "drop table fresh",
    "update situation_number set last = (select max(substring(name from 5)::bigint) from situation where org_id = 1)",
    "analyze",
]

#: Everything that is listed beside incidents, `:rows` of each: people who are members, and for the incident with the
#: highest number participants, timeline and tasks; the audit log; deliveries that could not be handled.
_BESIDE = [
    "insert into account (email, created_at) select 'many' || g || '@example.com', now() from generate_series(1, :rows) g"
    " on conflict do nothing",
    "insert into person (org_id, email, name, title, team, department, location, weblink, avatar_url, tz, account_id, created_at)"
    " select 1, a.email, 'Many ' || a.id, '', '', '', '', '', '', 'UTC', a.id, now() from account a"
    " where a.email like 'many%' on conflict do nothing",
    "insert into account_organization (account_id, org_id) select a.id, 1 from account a where a.email like 'many%'"
    " on conflict do nothing",
    "insert into membership (org_id, account_id, person_id, role, created_at) select 1, p.account_id, p.id, 'member', now()"
    " from person p where p.org_id = 1 and p.email like 'many%' on conflict do nothing",
    "insert into project_admin (org_id, project_id, person_id, given_by, since) select 1, min(j.id), p.id, p.id, now()"
    " from project j, person p where j.org_id = 1 and p.org_id = 1 and p.email like 'many%' and p.id % 10 = 0 group by p.id"
    " on conflict do nothing",
    "create temp table newest as select id from situation where org_id = 1 order by id desc limit 1",
    "insert into participant (org_id, situation_id, person_id, added_at, added_reason, note) select 1, n.id, p.id, now(), '', ''"
    " from newest n, person p where p.org_id = 1 and p.email like 'many%' on conflict do nothing",
    "insert into participant_role (org_id, situation_id, participant_id, role, assumed_at) select 1, p.situation_id, p.id,"
    " 'Participant', now() from participant p join newest n on n.id = p.situation_id where p.org_id = 1 and not exists"
    " (select from participant_role r where r.org_id = 1 and r.participant_id = p.id)",
    "insert into event (org_id, subject_kind, subject_id, at, actor, fact, data, pinned) select 1, 'incident', n.id,"
    " now() - make_interval(mins => g), (select min(id) from person where org_id = 1), 'command.acknowledged', '{}', false"
    " from newest n, generate_series(1, :rows) g",
    "insert into task (org_id, situation_id, number, description, state, creator_id, source, url, created_at, changed_at, version, history, post)"
    " select 1, n.id, coalesce((select max(number) from task where org_id = 1 and situation_id = n.id), 0) + g, 'Look at it',"
    " case when g % 3 = 0 then 'resolved' else 'open' end, (select min(id) from person where org_id = 1), 'web', '', now(), now(), 1, '[]', '{}'"
    " from newest n, generate_series(1, :rows) g",
    "insert into event (org_id, subject_kind, subject_id, at, actor, fact, data, pinned) select 1, 'organization', 1,"
    " now() - make_interval(mins => g), (select min(id) from person where org_id = 1), 'setup.resumed', '{}', false"
    " from generate_series(1, :rows) g",
    "insert into slack_inbox (org_id, team_id, app_id, event_id, channel_id, kind, happened_us, received_at, state, next_at,"
    " deadline_at, handled_at, body) select 1, 'T0DEMO', '', 'EvMany' || coalesce((select max(id) from slack_inbox), 0) + g, '',"
    " 'team_join', g, now(), 'dead', now(), now(), now(), '' from generate_series(1, :rows) g",
    "drop table newest",
    "analyze",
]


def grow_incidents(connection: psycopg.Connection[Any], more: int) -> None:
    """So many more incidents in organization 1, each with five participants, roles, six events and eleven steps.

    Args:
        connection: a superuser's, in autocommit: row-level security would hide the rows.
    """
    connection.execute(_FILL.replace(":last", str(more)))
    for statement in _FOLLOW:
        connection.execute(statement)


def grow_beside(connection: psycopg.Connection[Any], rows: int) -> None:
    """So many members, audit entries and deliveries, and so many participants, events and tasks of the newest incident."""
    for statement in _BESIDE:
        connection.execute(statement.replace(":rows", str(rows)))
