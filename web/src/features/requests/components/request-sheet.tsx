import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronUp } from "lucide-react";
import { Button } from "@/components/ui/button";
import { ErrorState } from "@/components/ui/error-state";
import { Sheet } from "@/components/ui/sheet";
import { SkeletonRows } from "@/components/ui/skeleton";
import { requestQuery } from "../api/get-request";
import { RequestDetail } from "./request-detail";

interface RequestSheetProps {
  project: string;
  request: string;
  /** Neighbours in the filtered list; undefined at its ends. */
  previous: string | undefined;
  next: string | undefined;
  onOpen: (request: string) => void;
  onClose: () => void;
}

export function RequestSheet({ project, request, previous, next, onOpen, onClose }: RequestSheetProps) {
  const record = useQuery(requestQuery(project, request));
  return (
    <Sheet
      open
      side="right"
      title="Request"
      onClose={onClose}
      tools={
        <>
          <Step
            label="Previous request"
            to={previous}
            onOpen={onOpen}
            icon={<ChevronUp size={16} aria-hidden />}
          />
          <Step label="Next request" to={next} onOpen={onOpen} icon={<ChevronDown size={16} aria-hidden />} />
        </>
      }
    >
      {record.isPending && <SkeletonRows rows={8} label="Loading request" />}
      {record.isError && (
        <ErrorState
          error={record.error}
          title="The request could not be loaded."
          onRetry={() => record.refetch()}
        />
      )}
      {record.isSuccess && <RequestDetail project={project} request={record.data} />}
    </Sheet>
  );
}

interface StepProps {
  label: string;
  to: string | undefined;
  onOpen: (request: string) => void;
  icon: React.ReactNode;
}

function Step({ label, to, onOpen, icon }: StepProps) {
  return (
    <Button variant="quiet" size="small" aria-label={label} disabled={!to} onClick={() => to && onOpen(to)}>
      {icon}
    </Button>
  );
}
