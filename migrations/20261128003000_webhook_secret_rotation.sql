-- The secret that a webhook's owner is leaving: messages are signed with it as well until then, sealed as the one in force.
alter table webhooks
    add column previous_secret text,
    add column previous_secret_valid_until timestamptz,
    add constraint webhooks_previous_secret_ends
        check ((previous_secret is null) = (previous_secret_valid_until is null));
