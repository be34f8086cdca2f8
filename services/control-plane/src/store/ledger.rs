//! The double-entry ledger of prepaid credit, written. `metering::ledger` decides which entries a movement has; here they
//! are kept, under a lock on the book, with guards that hold even if that decision were wrong. Read by `credits`.

use std::collections::BTreeMap;

use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::ledger::{
    Account, Balances, Entry, EntryKind, Made, Movement, Refused, TransferId, entries,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use super::ledger_rows::{self, Columns, StoredEntry};
use super::ledger_state::{balances, lot};
use crate::domain::instant::millis;
use crate::error::{Error, Result};

/// A movement that shall be made once.
#[derive(Debug, Clone)]
pub struct Order {
    /// The transfer's id, if it is not there yet.
    pub id: TransferId,
    /// What causes it. The same cause moves money once.
    pub key: String,
    /// The movement.
    pub movement: Movement,
    /// What people call its cause.
    pub reference: Option<String>,
}

/// A movement that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The transfer.
    pub id: TransferId,
    /// Its entries.
    pub entries: Vec<Entry>,
    /// It had been made before; nothing was added now.
    pub is_repeat: bool,
}

/// Whether a movement was made; if not, nothing has changed.
pub type Outcome = std::result::Result<Posted, Refused>;

/// An organization's book, locked until the end of the transaction.
#[derive(Debug)]
pub struct OpenBook {
    organization: Uuid,
    now: OffsetDateTime,
    entries: i64,
    transfers: i64,
    balances: Balances,
}

/// The id of a transfer as it is stored.
#[must_use]
pub const fn uuid(id: TransferId) -> Uuid {
    Uuid::from_u128(id.0)
}

/// The id of a transfer from storage.
#[must_use]
pub const fn transfer(id: Uuid) -> TransferId {
    TransferId(id.as_u128())
}

impl OpenBook {
    /// Locks the book of `organization`, and begins it if there is none.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub async fn lock(
        connection: &mut Connection,
        organization: OrganizationId,
        now: OffsetDateTime,
    ) -> Result<Self> {
        let organization = organization.as_uuid();
        let begun = sqlx::query!(
            "insert into ledger_books (organization_id, opened_at) values ($1, $2) on conflict do nothing",
            organization,
            now,
        );
        if begun.execute(&mut *connection).await?.rows_affected() > 0 {
            let names = Account::ALL.map(|account| account.as_str().to_owned());
            sqlx::query!(
                "insert into ledger_accounts (organization_id, account) select $1, unnest($2::text[])",
                organization,
                &names,
            )
            .execute(&mut *connection)
            .await?;
        }
        let book = sqlx::query!(
            "select entries, transfers from ledger_books where organization_id = $1 for update",
            organization,
        )
        .fetch_one(&mut *connection)
        .await?;
        Ok(Self {
            organization,
            now,
            entries: book.entries,
            transfers: book.transfers,
            balances: balances(connection, organization).await?,
        })
    }

    /// How the book stands, as far as it can still be moved.
    #[must_use]
    pub const fn balances(&self) -> &Balances {
        &self.balances
    }

    /// Makes a movement, whole or not at all. The same cause with the same movement changes nothing the second time.
    ///
    /// # Errors
    /// When Postgres refuses. [`Refused`] lies in the outcome, because the transaction can go on after it.
    pub async fn apply(&mut self, connection: &mut Connection, order: Order) -> Result<Outcome> {
        if let Some((id, movement)) = ledger_rows::by_key(connection, self.organization, &order.key).await? {
            if movement != order.movement {
                return Ok(Err(Refused::IdReused));
            }
            let entries = ledger_rows::entries_of(connection, self.organization, id).await?;
            return Ok(Ok(Posted {
                id,
                entries,
                is_repeat: true,
            }));
        }
        let reversing = self.reversing(connection, order.movement).await?;
        let made = reversing.as_ref().map(|(movement, entries, is_reversed)| Made {
            movement: *movement,
            entries,
            is_reversed: *is_reversed,
        });
        self.recall_lots(connection, order.movement, made).await?;
        let now = millis(self.now);
        let planned = entries(&self.balances, order.id, order.movement, made, now);
        let entries = match planned {
            Ok(entries) => entries,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut after = self.balances.clone();
        if let Err(refused) = entries.iter().try_for_each(|entry| after.post(entry)) {
            return Ok(Err(refused));
        }
        self.write(connection, &order, &entries, &after).await?;
        self.balances = after;
        Ok(Ok(Posted {
            id: order.id,
            entries,
            is_repeat: false,
        }))
    }

    /// What a movement that reverses goes back on.
    async fn reversing(
        &self,
        connection: &mut Connection,
        movement: Movement,
    ) -> Result<Option<(Movement, Vec<Entry>, bool)>> {
        let Movement::Reverse { transfer } = movement else {
            return Ok(None);
        };
        let Some((movement, is_reversed)) =
            ledger_rows::by_id(connection, self.organization, transfer).await?
        else {
            return Ok(None);
        };
        let entries = ledger_rows::entries_of(connection, self.organization, transfer).await?;
        Ok(Some((movement, entries, is_reversed)))
    }

    /// Remembers lots with nothing left that a movement names; the others are at hand.
    async fn recall_lots(
        &mut self,
        connection: &mut Connection,
        movement: Movement,
        made: Option<Made<'_>>,
    ) -> Result<()> {
        let mut named: Vec<Uuid> = made
            .iter()
            .flat_map(|made| made.entries)
            .filter_map(|entry| entry.lot.map(|lot| uuid(lot.id)))
            .collect();
        if let Movement::Refund { lot, .. } = movement {
            named.push(uuid(lot));
        }
        if named.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query!(
            "select id, expires_at from credit_lots where organization_id = $1 and id = any($2) and left_nanos = 0",
            self.organization,
            &named,
        );
        for row in rows.fetch_all(connection).await? {
            self.balances.recall(lot(row.id, row.expires_at));
        }
        Ok(())
    }

    async fn write(
        &mut self,
        connection: &mut Connection,
        order: &Order,
        entries: &[Entry],
        after: &Balances,
    ) -> Result<()> {
        self.transfers += 1;
        self.write_transfer(connection, order, after).await?;
        self.write_lots(connection, order.id, entries).await?;
        self.write_entries(connection, entries).await?;
        self.move_accounts(connection, entries).await?;
        self.write_pendings(connection, order, after).await?;
        sqlx::query!(
            "update ledger_books set entries = $2, transfers = $3 where organization_id = $1",
            self.organization,
            self.entries,
            self.transfers,
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn write_transfer(
        &self,
        connection: &mut Connection,
        order: &Order,
        after: &Balances,
    ) -> Result<()> {
        let of = |balances: &Balances, account| i64::try_from(balances.of(account)).map_err(Error::internal);
        let (credit, in_flight) = (of(after, Account::Credit)?, of(after, Account::InFlight)?);
        let columns = Columns::of(order.movement);
        sqlx::query!(
            "insert into ledger_transfers
                (organization_id, id, number, kind, amount_nanos, expires_at, refers_to, carries, idempotency_key,
                 reference, credit_change_nanos, in_flight_change_nanos, credit_nanos, in_flight_nanos, made_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            self.organization,
            uuid(order.id),
            self.transfers,
            columns.kind,
            columns.amount,
            columns.expires_at,
            columns.refers_to,
            columns.carries,
            order.key,
            order.reference,
            credit - of(&self.balances, Account::Credit)?,
            in_flight - of(&self.balances, Account::InFlight)?,
            credit,
            in_flight,
            self.now,
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn write_lots(&self, connection: &mut Connection, id: TransferId, entries: &[Entry]) -> Result<()> {
        let mut changes: BTreeMap<TransferId, (Option<UnixMillis>, i64)> = BTreeMap::new();
        for entry in entries {
            let Some(lot) = entry.lot else { continue };
            let (_, change) = changes.entry(lot.id).or_insert((lot.expires_at, 0));
            match (entry.debit, entry.credit) {
                (Account::Credit, _) => *change -= entry.amount.nanos(),
                (_, Account::Credit) => *change += entry.amount.nanos(),
                _ => {}
            }
        }
        if let Some((expires_at, left)) = changes.remove(&id) {
            sqlx::query!(
                "insert into credit_lots (organization_id, id, expires_at, left_nanos) values ($1, $2, $3, $4)",
                self.organization,
                uuid(id),
                expires_at.map(UnixMillis::get),
                left,
            )
            .execute(&mut *connection)
            .await?;
        }
        changes.retain(|_, (_, change)| *change != 0);
        let ids: Vec<Uuid> = changes.keys().copied().map(uuid).collect();
        let amounts: Vec<i64> = changes.values().map(|(_, change)| *change).collect();
        let moved = sqlx::query!(
            "update credit_lots set left_nanos = left_nanos + change.amount
             from unnest($2::uuid[], $3::bigint[]) as change (id, amount)
             where organization_id = $1 and credit_lots.id = change.id and left_nanos + change.amount >= 0",
            self.organization,
            &ids,
            &amounts,
        );
        guard(moved.execute(connection).await?.rows_affected(), ids.len())
    }

    async fn write_entries(&mut self, connection: &mut Connection, entries: &[Entry]) -> Result<()> {
        let mut rows = StoredEntry::default();
        for entry in entries {
            self.entries += 1;
            rows.push(self.entries, entry);
        }
        ledger_rows::insert_entries(connection, self.organization, &rows).await
    }

    /// The guard stands in the statement that moves the money.
    async fn move_accounts(&self, connection: &mut Connection, entries: &[Entry]) -> Result<()> {
        let mut changes: BTreeMap<Account, i64> = BTreeMap::new();
        for entry in entries {
            *changes.entry(entry.debit).or_default() -= entry.amount.nanos();
            *changes.entry(entry.credit).or_default() += entry.amount.nanos();
        }
        let accounts: Vec<String> = changes
            .keys()
            .map(|account| account.as_str().to_owned())
            .collect();
        let amounts: Vec<i64> = changes.values().copied().collect();
        let moved = sqlx::query!(
            "update ledger_accounts set balance_nanos = balance_nanos + change.amount
             from unnest($2::text[], $3::bigint[]) as change (account, amount)
             where organization_id = $1 and ledger_accounts.account = change.account and case
                when change.account in ('payments', 'promo') then balance_nanos + change.amount <= 0
                when change.account = 'adjustments' then true
                else balance_nanos + change.amount >= 0
             end",
            self.organization,
            &accounts,
            &amounts,
        );
        guard(moved.execute(connection).await?.rows_affected(), accounts.len())
    }

    async fn write_pendings(
        &self,
        connection: &mut Connection,
        order: &Order,
        after: &Balances,
    ) -> Result<()> {
        if let Movement::Settle { pending, .. } = order.movement {
            sqlx::query!(
                "delete from ledger_pendings where organization_id = $1 and pending_id = $2",
                self.organization,
                uuid(pending),
            )
            .execute(&mut *connection)
            .await?;
        }
        let Some((_, parts)) = after.open().find(|(id, _)| *id == order.id) else {
            return Ok(());
        };
        let lots: Vec<Uuid> = parts.iter().map(|(lot, _)| uuid(lot.id)).collect();
        let amounts: Vec<i64> = parts.iter().map(|(_, amount)| amount.nanos()).collect();
        sqlx::query!(
            "insert into ledger_pendings (organization_id, pending_id, place, lot_id, amount_nanos)
             select $1, $2, place, lot_id, amount
             from unnest($3::uuid[], $4::bigint[]) with ordinality as part (lot_id, amount, place)",
            self.organization,
            uuid(order.id),
            &lots,
            &amounts,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// A guard that holds some rows back means that the book is not what it was read as.
fn guard(moved: u64, wanted: usize) -> Result<()> {
    if usize::try_from(moved) == Ok(wanted) {
        Ok(())
    } else {
        Err(Error::internal(
            "a balance of the ledger would stand on the wrong side",
        ))
    }
}

/// The kind of an entry, and the pending it resolves.
pub(super) fn entry_kind(kind: EntryKind) -> (&'static str, Option<Uuid>) {
    match kind {
        EntryKind::Single => ("single", None),
        EntryKind::Pending => ("pending", None),
        EntryKind::Post { pending } => ("post", Some(uuid(pending))),
        EntryKind::Void { pending } => ("void", Some(uuid(pending))),
    }
}
