-- Limits of spend. The scope is kept as it is published; the columns beside it hold what it refers to in place.
create table budgets (
    id uuid primary key,
    organization_id uuid not null references organizations,
    name text not null,
    project_id uuid,
    api_key_id uuid,
    route_id uuid,
    fallback_route_id uuid,
    scope jsonb not null,
    limit_nanos bigint not null check (limit_nanos > 0 and limit_nanos < 9007199254740992),
    limit_version bigint not null default 1,
    -- The largest limit since the schedule in force opened: a worker may have used what a later one does not show.
    peak_nanos bigint not null,
    enforcement text not null check (enforcement in ('hard', 'soft', 'notify')),
    on_exceed jsonb not null,
    counts_own_connections boolean not null,
    unknown_price text not null check (unknown_price in ('refuse', 'count_bound')),
    alert_thresholds smallint[] not null,
    status text not null default 'active' check (status in ('active', 'disabled')),
    revision bigint not null default 1,
    -- When its periods must be sent ahead anew; null for a period without end.
    renew_at timestamptz,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    deleted_at timestamptz,
    unique (organization_id, id),
    foreign key (organization_id, project_id) references projects (organization_id, id),
    foreign key (organization_id, api_key_id) references api_keys (organization_id, id),
    foreign key (organization_id, route_id) references routes (organization_id, id),
    foreign key (organization_id, fallback_route_id) references routes (organization_id, id)
);
create index on budgets (organization_id, id) where deleted_at is null;
create index on budgets (project_id) where deleted_at is null;
create index on budgets (fallback_route_id) where deleted_at is null;
create index on budgets (renew_at) where deleted_at is null;

-- When its periods begin. A change adds a row: the latest is in force, the others tell when past windows ended.
create table budget_schedules (
    organization_id uuid not null,
    budget_id uuid not null,
    -- Milliseconds since the Unix epoch: the first period begins then, and names its account by it.
    opened_at bigint not null,
    interval text not null check (interval in ('hour', 'day', 'week', 'month', 'lifetime')),
    time_zone text not null,
    anchor_hour smallint not null,
    anchor_weekday smallint not null,
    anchor_day smallint not null,
    primary key (budget_id, opened_at),
    foreign key (organization_id, budget_id) references budgets (organization_id, id)
);

-- What was spent, by account and by the worker's epoch that spent it: the fold of the attempts in `requests`, kept in
-- the transaction that inserts them. The partition is empty for accounts without one. Budgets may be unknown or gone.
create table budget_spend (
    organization_id uuid not null,
    budget_id uuid not null,
    -- Milliseconds since the Unix epoch.
    period_start bigint not null,
    partition text not null,
    worker_id uuid not null,
    epoch bigint not null,
    settled_nanos bigint not null,
    primary key (organization_id, budget_id, period_start, partition, worker_id, epoch)
);
create index on budget_spend (worker_id, epoch);

select sluicegate_isolate('budgets');
select sluicegate_isolate('budget_schedules');
select sluicegate_isolate('budget_spend');
grant select, insert, update on budgets to sluicegate_app;
grant select, insert on budget_schedules to sluicegate_app;
grant select on budget_spend to sluicegate_app;
