-- Facts that an organization states of its own accounts and of models, with the evidence it goes by. `about` and `facts` are
-- documents as workers read them; an account that is named is also a column, so that it can only be one's own.
create table fact_statements (
    id uuid primary key,
    organization_id uuid not null references organizations,
    connection_id uuid,
    about jsonb not null check (jsonb_typeof(about) = 'object'),
    facts jsonb not null check (jsonb_typeof(facts) = 'object'),
    evidence text not null,
    as_of date not null,
    revision bigint not null default 1,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    foreign key (organization_id, connection_id) references connections (organization_id, id)
);
create index on fact_statements (organization_id, id);

select sluicegate_isolate('fact_statements');
grant select, insert, delete on fact_statements to sluicegate_app;
