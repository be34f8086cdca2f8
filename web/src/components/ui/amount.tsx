import type { Money } from "@/api/types";
import { formatMoney, formatMoneyExact } from "@/lib/money";

/** Money for reading, with every digit in its title. */
export function Amount({ money, exact = false }: { money: Money; exact?: boolean }) {
  const full = formatMoneyExact(money);
  return (
    <span className="num" title={full}>
      {exact ? full : formatMoney(money)}
    </span>
  );
}
