// The names the dashboard uses for the generated schemas; the only place that knows how the document calls them.
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

/** Members that may be null although the document does not say so. */
type Nullable<T, K extends keyof T> = Omit<T, K> & { [P in K]: T[P] | null };

export type Attempt = Schemas["Attempt"];
export type Billing = Schemas["Billing"];
export type Budget = Schemas["Budget"];
export type BudgetAlert = Schemas["BudgetAlert"];
export type BudgetAnchor = Schemas["BudgetAnchor"];
export type BudgetEnforcement = Schemas["BudgetEnforcement"];
export type BudgetInterval = Schemas["BudgetInterval"];
export type BudgetScope = Schemas["BudgetScope"];
export type BudgetUnknownPrice = Schemas["BudgetUnknownPrice"];
export type BudgetWindow = Schemas["BudgetWindow"];
export type BudgetStatus = Schemas["BudgetStatus"];
export type Connection = Schemas["Connection"];
export type ConnectionSettings = Schemas["ConnectionSettings"];
export type ConnectionTest = Schemas["ConnectionTest"];
export type CreateBudget = Schemas["CreateBudget"];
export type CreateLimit = Schemas["CreateLimit"];
export type Credit = Schemas["Credit"];
export type CreateTopUp = Schemas["CreateTopUp"];
export type CredentialForm = Schemas["ProviderCredential"];
export type DecisionCandidate = Schemas["DecisionCandidate"];
export type DeriveKey = Schemas["DeriveKey"];
export type Key = Schemas["Key"];
export type KeyWithSecret = Schemas["KeyWithSecret"];
export type LedgerTransfer = Nullable<Schemas["LedgerTransfer"], "about" | "request_id">;
export type Limit = Schemas["Limit"];
export type LimitMetric = Schemas["LimitMetric"];
export type LimitScope = Schemas["LimitScope"];
export type Me = Schemas["Me"];
export type Membership = Schemas["Membership"];
export type Money = Schemas["Money"];
export type Partition = Schemas["BudgetPartition"];
export type Problem = Schemas["Problem"];
export type Project = Schemas["Project"];
export type Provider = Schemas["Provider"];
export type RequestDecision = Schemas["RequestDecision"];
export type RequestRecord = Schemas["Request"];
export type Role = Schemas["Role"];
export type Route = Schemas["Route"];
export type Session = Schemas["Session"];
export type SettingForm = Schemas["ProviderSetting"];
export type Statement = Schemas["Statement"];
export type TopUp = Nullable<Schemas["TopUp"], "payment_url" | "credit" | "created_by">;
export type TransferType = Schemas["TransferType"];
export type UpdateBudget = Schemas["UpdateBudget"];
export type UpdateLimit = Schemas["UpdateLimit"];
export type Usage = Schemas["Usage"];
export type UsagePoint = Schemas["UsagePoint"];
export type UsageSeries = Schemas["UsageSeries"];
export type UsageTotals = Schemas["UsageTotals"];
export type User = Schemas["User"];
export type Version = Schemas["Version"];
