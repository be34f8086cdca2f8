-- Values that tenants push from outside for conditions of their routes: the newest of each name.
create table signals (
    id uuid primary key,
    organization_id uuid not null,
    project_id uuid not null,
    name text not null,
    value jsonb not null,
    good_until timestamptz not null,
    pushed_at timestamptz not null,
    constraint signals_once unique (project_id, name),
    foreign key (organization_id, project_id) references projects (organization_id, id)
);

select sluicegate_isolate('signals');
grant select, insert, update, delete on signals to sluicegate_app;
