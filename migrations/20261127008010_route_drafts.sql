-- The draft of a route, one at most; workers never see it. A route of version 0 has a draft and was never published.
-- `draft_revision` counts the drafts a route ever had, so that the entity tag of a deleted one never comes back.
alter table routes add column draft_revision integer not null default 0;

create table route_drafts (
    organization_id uuid not null,
    project_id uuid not null,
    route_id uuid not null primary key,
    revision integer not null,
    -- The published version it was begun from; 0: none was published then.
    base_version integer not null,
    -- As its author wrote it.
    document jsonb not null,
    updated_by uuid references users on delete set null,
    updated_at timestamptz not null,
    foreign key (organization_id, project_id, route_id) references routes (organization_id, project_id, id)
);
create index on route_drafts (project_id, route_id);

select sluicegate_isolate('route_drafts');
grant select, insert, update, delete on route_drafts to sluicegate_app;
