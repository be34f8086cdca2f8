-- Versions of routes that take the place of the published one in stages; the document is that of `route_versions`. One at
-- most of each route is under way.
create table route_rollouts (
    organization_id uuid not null,
    project_id uuid not null,
    route_id uuid not null,
    version integer not null,
    -- The published version that it is compared with.
    base_version integer not null,
    -- How many of 100 conversations it serves in each stage, ascending.
    stages integer[] not null,
    -- How long each stage lasts at least; null: until somebody advances it.
    hold_minutes integer,
    -- From which difference on it is halted; null: that is not looked at.
    error_rate_points double precision,
    cost_ratio double precision,
    ttft_p95_ratio double precision,
    min_requests integer not null,
    state text not null check (state in ('progressing', 'halted', 'completed', 'aborted')),
    -- Counts from 0.
    stage integer not null,
    -- When its figures begin.
    stage_since timestamptz not null,
    -- When its figures end; null while it serves.
    stopped_at timestamptz,
    -- Why it was halted.
    reason_code text,
    reason text,
    revision integer not null default 1,
    started_by uuid references users on delete set null,
    started_at timestamptz not null,
    primary key (route_id, version),
    foreign key (organization_id, project_id, route_id) references routes (organization_id, project_id, id),
    foreign key (route_id, version) references route_versions (route_id, version)
);
create unique index route_rollouts_under_way on route_rollouts (route_id) where state in ('progressing', 'halted');
create index on route_rollouts (organization_id, route_id) where state = 'progressing';

select sluicegate_isolate('route_rollouts');
grant select, insert, update on route_rollouts to sluicegate_app;
