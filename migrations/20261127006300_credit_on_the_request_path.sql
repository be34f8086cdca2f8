-- Accounts of the host that other organizations may call through, with what is added to the provider's price.
alter table connections add column resale_margin_ppm integer check (resale_margin_ppm between 0 and 10000000);

-- What workers may spend of an organization's credit: the account that their claims are on, and its limit. The limit is
-- the sum of all that was ever reserved, and of what was used beyond; it never falls, because claims are never taken back.
create table credit_accounts (
    organization_id uuid primary key references ledger_books,
    budget_id uuid not null unique,
    -- Milliseconds since the Unix epoch; names the account's one period.
    opened_at bigint not null,
    limit_nanos bigint not null check (limit_nanos > 0 and limit_nanos < 9007199254740992),
    limit_version bigint not null,
    published_version bigint not null
);
create index on credit_accounts (organization_id) where published_version < limit_version;

-- Who has credit to reserve is looked for several times a second.
create index on ledger_accounts (organization_id) where account = 'credit' and balance_nanos > 0;

select sluicegate_isolate('credit_accounts');
grant select, insert, update on credit_accounts to sluicegate_app;
