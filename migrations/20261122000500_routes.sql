-- Routes and their immutable versions; `routes.version` names the published one.
create table routes (
    id uuid primary key,
    organization_id uuid not null,
    project_id uuid not null,
    slug text not null,
    version integer not null,
    created_at timestamptz not null,
    deleted_at timestamptz,
    unique (organization_id, id),
    unique (organization_id, project_id, id),
    foreign key (organization_id, project_id) references projects (organization_id, id)
);
create unique index routes_slug on routes (project_id, slug) where deleted_at is null;
create index on routes (project_id, id);

create table route_versions (
    organization_id uuid not null,
    route_id uuid not null,
    version integer not null,
    document jsonb not null,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    primary key (route_id, version),
    foreign key (organization_id, route_id) references routes (organization_id, id)
);

-- Names of the published versions; one name means one route.
create table route_aliases (
    organization_id uuid not null,
    project_id uuid not null,
    alias text not null,
    route_id uuid not null,
    constraint route_aliases_once primary key (project_id, alias),
    foreign key (organization_id, project_id, route_id) references routes (organization_id, project_id, id)
);
create index on route_aliases (route_id);

select sluicegate_isolate('routes');
select sluicegate_isolate('route_versions');
select sluicegate_isolate('route_aliases');
grant select, insert, update on routes to sluicegate_app;
grant select, insert on route_versions to sluicegate_app;
grant select, insert, delete on route_aliases to sluicegate_app;
