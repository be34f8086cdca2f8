//! Who calls, and which budgets are over whom. Each house is an organization with budgets at all four levels, one of
//! them tight: the limit under test. In the last house all four are. One more organization has no connection of its own:
//! it spends prepaid credit over an account of the host's, and its credit is the limit under test.

use serde_json::json;
use sluicegate_contracts::ids::{BudgetId, OrganizationId};

use crate::operator::Operator;
use crate::report::say;
use crate::stack::Stack;
use crate::tenant::{Key, Tenant};

/// Limits that are not under test are so many times larger.
const WIDE: u64 = 10;
/// End users of a house.
const USERS: [&str; 2] = ["ann", "ben"];

/// What money is counted on: a budget, or the part of it that one end user has.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) organization: OrganizationId,
    pub(crate) budget: BudgetId,
    pub(crate) partition: Option<String>,
    pub(crate) limit: u64,
    /// Its limit is under test: it is spent to the end.
    pub(crate) is_tight: bool,
    pub(crate) kind: Money,
}

/// What an account counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Money {
    /// A budget: what calls cost.
    Cost,
    /// Prepaid credit: what calls are charged, which is nothing for those that failed.
    Charge,
}

/// Somebody with a key.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Also the tag of its calls in the provider's ledger.
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) end_user: &'static str,
    /// Positions of the accounts over its calls.
    pub(crate) accounts: Vec<usize>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Scene {
    pub(crate) accounts: Vec<Account>,
    pub(crate) callers: Vec<Caller>,
}

/// Where a limit is tight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Organization,
    Project,
    Key,
    EndUser,
    All,
}

impl Level {
    const ALL: [Self; 5] = [
        Self::Organization,
        Self::Project,
        Self::Key,
        Self::EndUser,
        Self::All,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Project => "project",
            Self::Key => "key",
            Self::EndUser => "end-user",
            Self::All => "all-levels",
        }
    }

    fn limit(self, of: Self, tight: u64) -> (u64, bool) {
        let is_tight = self == of || of == Self::All;
        (if is_tight { tight } else { tight * WIDE }, is_tight)
    }
}

impl Scene {
    /// Houses with budgets at each level, and a caller without any.
    pub(crate) async fn with_budgets(stack: &Stack, tight: u64) -> anyhow::Result<Self> {
        let mut scene = Self::without_budgets(stack).await?;
        for level in Level::ALL {
            scene.build(stack, level, tight).await?;
        }
        scene.build_on_credit(stack, tight).await?;
        say(format!(
            "{} callers under {} accounts of budgets and credit",
            scene.callers.len(),
            scene.accounts.len()
        ));
        Ok(scene)
    }

    /// A caller whom no budget is over.
    pub(crate) async fn without_budgets(stack: &Stack) -> anyhow::Result<Self> {
        let mut scene = Self::default();
        let tenant = Tenant::sign_up(&stack.dashboard, "free").await?;
        tenant.connect(&tenant.project, &stack.provider_url).await?;
        let key = tenant.create_key(&tenant.project, "free").await?;
        scene.callers.push(Caller {
            name: "free".to_owned(),
            secret: key.secret,
            end_user: USERS[0],
            accounts: Vec::new(),
        });
        Ok(scene)
    }

    /// One caller under one tight budget over its organization, and a caller without any.
    pub(crate) async fn with_one_budget(stack: &Stack, tight: u64) -> anyhow::Result<Self> {
        let mut scene = Self::without_budgets(stack).await?;
        scene.build(stack, Level::All, tight).await?;
        Ok(scene)
    }

    /// Callers whom no budget is over.
    pub(crate) fn is_free(&self, caller: usize) -> bool {
        self.callers
            .get(caller)
            .is_some_and(|caller| caller.accounts.is_empty())
    }

    /// Callers who pay with credit.
    pub(crate) fn is_on_credit(&self, caller: usize) -> bool {
        let accounts = self
            .callers
            .get(caller)
            .into_iter()
            .flat_map(|caller| &caller.accounts);
        accounts
            .filter_map(|position| self.accounts.get(*position))
            .any(|account| account.kind == Money::Charge)
    }

    /// The house in which `level` is tight. Its two callers share what lies above that level and nothing else of it.
    async fn build(&mut self, stack: &Stack, level: Level, tight: u64) -> anyhow::Result<()> {
        let house = level.name();
        let tenant = Tenant::sign_up(&stack.dashboard, house).await?;
        let mut projects = vec![tenant.project.clone()];
        if level <= Level::Project {
            projects.push(tenant.create_project("second").await?);
        }
        let mut keys: Vec<(usize, Key)> = Vec::new();
        for (index, project) in projects.iter().enumerate() {
            tenant.connect(project, &stack.provider_url).await?;
            keys.push((index, tenant.create_key(project, "key").await?));
        }
        if level == Level::Key {
            keys.push((0, tenant.create_key(&tenant.project, "second").await?));
        }
        let over_all = self
            .add(&tenant, house, (Level::Organization, level), &json!({}), tight)
            .await?;
        let mut over_projects = Vec::new();
        for project in &projects {
            let scope = json!({ "project": project });
            over_projects.push(
                self.add(&tenant, house, (Level::Project, level), &scope, tight)
                    .await?,
            );
        }
        let mut over_keys = Vec::new();
        for (_, key) in &keys {
            let scope = json!({ "key": key.id });
            over_keys.push(
                self.add(&tenant, house, (Level::Key, level), &scope, tight)
                    .await?,
            );
        }
        let scope = json!({ "end_user": { "kind": "each" } });
        let first = self
            .add(&tenant, house, (Level::EndUser, level), &scope, tight)
            .await?;
        let mut over_users = vec![first];
        if level != Level::All {
            over_users.push(self.share_of_second_user(first));
        }
        for (index, (end_user, over_user)) in USERS.into_iter().zip(over_users).enumerate() {
            let at = index.min(keys.len() - 1);
            let Some((project, key)) = keys.get(at) else {
                continue;
            };
            let accounts = [
                Some(&over_all),
                over_projects.get(*project),
                over_keys.get(at),
                Some(&over_user),
            ];
            self.callers.push(Caller {
                name: format!("{house}-{end_user}"),
                secret: key.secret.clone(),
                end_user,
                accounts: accounts.into_iter().flatten().copied().collect(),
            });
        }
        Ok(())
    }

    /// A caller who has nothing but credit for calls over the host's account.
    async fn build_on_credit(&mut self, stack: &Stack, credit: u64) -> anyhow::Result<()> {
        let operator = Operator::of(stack)?;
        let host = Tenant::sign_up(&stack.dashboard, "host").await?;
        let resold = host.connect(&host.project, &stack.provider_url).await?;
        operator.resell(&resold).await?;
        let tenant = Tenant::sign_up(&stack.dashboard, "credit").await?;
        let account = operator.give(tenant.organization, credit).await?;
        // Workers that know the key know what was published before it.
        let key = tenant.create_key(&tenant.project, "key").await?;
        self.callers.push(Caller {
            name: "credit".to_owned(),
            secret: key.secret,
            end_user: USERS[0],
            accounts: vec![self.accounts.len()],
        });
        self.accounts.push(Account {
            name: "prepaid credit".to_owned(),
            organization: tenant.organization,
            budget: account,
            partition: None,
            limit: credit,
            is_tight: true,
            kind: Money::Charge,
        });
        Ok(())
    }

    /// Makes a budget; the account's position.
    async fn add(
        &mut self,
        tenant: &Tenant,
        house: &str,
        (of, tight_at): (Level, Level),
        scope: &serde_json::Value,
        tight: u64,
    ) -> anyhow::Result<usize> {
        let (limit, is_tight) = of.limit(tight_at, tight);
        let number = self.accounts.len();
        let name = format!("{house}/{}-{number}", of.name());
        self.accounts.push(Account {
            budget: tenant.create_budget(&name, scope, limit).await?,
            organization: tenant.organization,
            partition: (of == Level::EndUser).then(|| USERS[0].to_owned()),
            name,
            limit,
            is_tight,
            kind: Money::Cost,
        });
        Ok(number)
    }

    fn share_of_second_user(&mut self, first: usize) -> usize {
        if let Some(account) = self.accounts.get(first).cloned() {
            let partition = Some(USERS[1].to_owned());
            let name = format!("{}-{}", account.name, USERS[1]);
            self.accounts.push(Account {
                partition,
                name,
                ..account
            });
        }
        self.accounts.len() - 1
    }
}
