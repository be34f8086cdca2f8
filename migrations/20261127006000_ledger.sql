-- The double-entry ledger of each organization's prepaid credit. One entry is one balanced pair, so an unbalanced book
-- cannot be written. The arithmetic is `metering::ledger`; the constraints here hold even if it errs.

-- Counts the entries of a book. Whoever writes to a book locks this row first, so writers of one book queue and those
-- of several take them in the order of their ids.
create table ledger_books (
    organization_id uuid primary key references organizations,
    entries bigint not null default 0,
    transfers bigint not null default 0,
    opened_at timestamptz not null
);

-- Credits less debits.
create table ledger_accounts (
    organization_id uuid not null references ledger_books,
    account text not null check (
        account in ('payments', 'promo', 'credit', 'in_flight', 'revenue', 'expired', 'refunds', 'adjustments')
    ),
    balance_nanos bigint not null default 0,
    primary key (organization_id, account),
    constraint ledger_accounts_side check (
        case
            when account in ('payments', 'promo') then balance_nanos <= 0
            when account = 'adjustments' then true
            else balance_nanos >= 0
        end
    )
);

-- Business events, in the order they were made. What one refers to is the lot it refunds, the pending it settles or the
-- transfer it reverses.
create table ledger_transfers (
    organization_id uuid not null references ledger_books,
    id uuid not null,
    number bigint not null check (number > 0),
    kind text not null check (
        kind in (
            'top_up', 'grant', 'reserve', 'settle', 'charge', 'write_off', 'refund', 'expire', 'adjust_up',
            'adjust_down', 'reverse'
        )
    ),
    amount_nanos bigint,
    -- Milliseconds since the Unix epoch.
    expires_at bigint,
    refers_to uuid,
    carries boolean not null default false,
    -- What causes the event, so that it happens once: a payment, a batch of usage, a request of an operator.
    idempotency_key text not null,
    -- What people call its cause, such as the payment's id at the provider.
    reference text,
    -- What the credit, and what is in flight, came to by it.
    credit_change_nanos bigint not null,
    in_flight_change_nanos bigint not null,
    -- And what they were afterwards.
    credit_nanos bigint not null check (credit_nanos >= 0),
    in_flight_nanos bigint not null check (in_flight_nanos >= 0),
    made_at timestamptz not null,
    primary key (organization_id, id),
    unique (organization_id, number),
    unique (organization_id, idempotency_key)
);
-- A pending is resolved once, and a transfer reversed once.
create unique index ledger_transfers_resolved on ledger_transfers (organization_id, kind, refers_to)
    where kind in ('settle', 'reverse');
create index on ledger_transfers (organization_id, made_at);

create table ledger_entries (
    organization_id uuid not null,
    number bigint not null check (number > 0),
    transfer_id uuid not null,
    kind text not null check (kind in ('single', 'pending', 'post', 'void')),
    pending_id uuid,
    debit text not null,
    credit text not null,
    amount_nanos bigint not null check (amount_nanos > 0),
    lot_id uuid,
    primary key (organization_id, number),
    foreign key (organization_id, transfer_id) references ledger_transfers (organization_id, id),
    foreign key (organization_id, debit) references ledger_accounts (organization_id, account),
    foreign key (organization_id, credit) references ledger_accounts (organization_id, account),
    check (debit <> credit),
    check ((pending_id is not null) = (kind in ('post', 'void')))
);
create index on ledger_entries (organization_id, transfer_id);

-- What is left of each part of the credit. A lot has the id of the transfer that brought it.
create table credit_lots (
    organization_id uuid not null,
    id uuid not null,
    expires_at bigint,
    left_nanos bigint not null check (left_nanos >= 0),
    primary key (organization_id, id),
    foreign key (organization_id, id) references ledger_transfers (organization_id, id)
);
create index on credit_lots (organization_id) where left_nanos > 0;
create index on credit_lots (expires_at) where left_nanos > 0 and expires_at is not null;

-- What is open of pending transfers, by the lot it was drawn from, in the order it was drawn.
create table ledger_pendings (
    organization_id uuid not null,
    pending_id uuid not null,
    place integer not null,
    lot_id uuid not null,
    amount_nanos bigint not null check (amount_nanos > 0),
    primary key (organization_id, pending_id, place),
    foreign key (organization_id, pending_id) references ledger_transfers (organization_id, id),
    foreign key (organization_id, lot_id) references credit_lots (organization_id, id)
);

-- What each request was charged, and the transfer that books it; of several for one batch of usage, the first.
create table credit_charges (
    organization_id uuid not null,
    request_id uuid not null,
    project_id uuid not null,
    model text not null,
    charge_nanos bigint not null check (charge_nanos > 0),
    transfer_id uuid not null,
    charged_at timestamptz not null,
    primary key (organization_id, request_id),
    foreign key (organization_id, transfer_id) references ledger_transfers (organization_id, id)
);
create index on credit_charges (organization_id, transfer_id);
create index on credit_charges (organization_id, charged_at);

-- What was made is never changed: mistakes are corrected by transfers of their own.
create function sluicegate_append_only() returns trigger
    language plpgsql
as $$
begin
    raise exception 'rows of % are only added', tg_table_name;
end
$$;
create trigger append_only before update or delete or truncate on ledger_entries
    for each statement execute function sluicegate_append_only();
create trigger append_only before update or delete or truncate on ledger_transfers
    for each statement execute function sluicegate_append_only();

select sluicegate_isolate('ledger_books');
select sluicegate_isolate('ledger_accounts');
select sluicegate_isolate('ledger_transfers');
select sluicegate_isolate('ledger_entries');
select sluicegate_isolate('credit_lots');
select sluicegate_isolate('ledger_pendings');
select sluicegate_isolate('credit_charges');
grant select, insert, update on ledger_books, ledger_accounts, credit_lots to sluicegate_app;
grant select, insert on ledger_transfers, ledger_entries to sluicegate_app;
grant select, insert, delete on ledger_pendings to sluicegate_app;
grant select on credit_charges to sluicegate_app;
