-- What providers billed, as an organization uploaded it, to be compared with what was recorded.
create table provider_invoices (
    id uuid primary key,
    organization_id uuid not null references organizations,
    provider text not null,
    -- The account at the provider it is of; null: all of the organization's own.
    connection_id uuid,
    name text not null,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    unique (organization_id, id),
    foreign key (organization_id, connection_id) references connections (organization_id, id)
);
create index on provider_invoices (organization_id, id);

create table provider_invoice_lines (
    organization_id uuid not null,
    invoice_id uuid not null,
    day date not null,
    model text not null,
    amount_nanos bigint not null,
    primary key (invoice_id, day, model),
    foreign key (organization_id, invoice_id) references provider_invoices (organization_id, id) on delete cascade
);

select sluicegate_isolate('provider_invoices');
select sluicegate_isolate('provider_invoice_lines');
grant select, insert, delete on provider_invoices, provider_invoice_lines to sluicegate_app;
