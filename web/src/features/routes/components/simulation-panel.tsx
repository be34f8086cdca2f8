// Asks what a draft would have done to the requests of the last days, and shows the answer.
import { useInfiniteQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { RouteDraftSummary } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { SelectField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import type { CurrentProject } from "@/hooks/use-project";
import { formatInteger, plural } from "@/lib/format";
import { findingsOf } from "../api/document";
import { type Question, simulationQuery } from "../api/simulate";
import { COUNTS, WINDOWS, windowStart, windowWords } from "../lib/simulation-words";
import { FindingsNotice } from "./findings-notice";
import styles from "./simulation-panel.module.css";
import { SimulationResult } from "./simulation-result";

interface SimulationPanelProps {
  current: CurrentProject;
  standing: RouteDraftSummary;
  /** Whether the draft is another one since it was asked. */
  isOutdated: boolean;
  question: Question | null;
  saving: boolean;
  onAsk: (question: Omit<Question, "etag">) => void;
}

export function SimulationPanel(props: SimulationPanelProps) {
  const { current, standing, question, isOutdated, saving, onAsk } = props;
  const [days, setDays] = useState(7);
  const [count, setCount] = useState(500);
  if (standing.published_version === null) {
    return (
      <Card flush>
        <EmptyState title="Nothing to compare with yet">
          A simulation decides the requests of a route again, under what is published and under the draft.
          This route is not published yet, so none came to it.
        </EmptyState>
      </Card>
    );
  }

  function ask(event: FormEvent) {
    event.preventDefault();
    onAsk({ from: windowStart(days, Date.now()), count });
  }

  return (
    <div className={styles["panel"]}>
      <Card label="Simulate">
        <form className={styles["form"]} onSubmit={ask}>
          <p className={styles["intro"]}>
            Decides requests of the past again, under version {standing.published_version} and under the
            draft, from what their records say. Nothing is sent to a provider.
          </p>
          <SelectField
            label="Requests of"
            value={days}
            onChange={(event) => setDays(Number(event.target.value))}
          >
            {WINDOWS.map((choice) => (
              <option key={choice} value={choice}>
                {windowWords(choice)}
              </option>
            ))}
          </SelectField>
          <SelectField
            label="At most"
            value={count}
            onChange={(event) => setCount(Number(event.target.value))}
          >
            {COUNTS.map((choice) => (
              <option key={choice} value={choice}>
                the newest {formatInteger(choice)}
              </option>
            ))}
          </SelectField>
          <Button type="submit" variant="primary" pending={saving && "Saving the draft…"}>
            Simulate
          </Button>
        </form>
      </Card>
      {question && (
        <Answer current={current} route={standing.route} question={question} isOutdated={isOutdated} />
      )}
    </div>
  );
}

interface AnswerProps {
  current: CurrentProject;
  route: string;
  question: Question;
  isOutdated: boolean;
}

function Answer({ current, route, question, isOutdated }: AnswerProps) {
  const answer = useInfiniteQuery(simulationQuery(current.id, route, question));
  if (answer.isPending) {
    return (
      <div className={styles["progress"]} role="status">
        <progress aria-label="Simulating" />
        Deciding up to {plural(question.count, "request")} again…
      </div>
    );
  }
  if (answer.isLoadingError) {
    const findings = findingsOf(answer.error);
    if (findings.length > 0) {
      return <FindingsNotice title="The draft could not be simulated:" findings={findings} />;
    }
    return (
      <ErrorState error={answer.error} title="The simulation failed." onRetry={() => answer.refetch()} />
    );
  }
  const [first] = answer.data?.pages ?? [];
  if (!first) return null;
  return (
    <>
      {isOutdated && (
        <Notice tone="warn">
          The draft has changed since. This is about the one before; simulate again for the one that you have.
        </Notice>
      )}
      {answer.isError && <Notice tone="bad">{asProblem(answer.error).message}</Notice>}
      <SimulationResult
        current={current}
        simulation={first}
        differences={answer.data?.pages.flatMap((page) => page.differences) ?? []}
        more={{
          has: answer.hasNextPage,
          loading: answer.isFetchingNextPage,
          load: () => answer.fetchNextPage(),
        }}
      />
    </>
  );
}
