package wire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// throughBytes sends a message through its bytes.
func throughBytes[M proto.Message](t *testing.T, m, empty M) M {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(b, empty); err != nil {
		t.Fatal(err)
	}
	return empty
}

// check reports what a noun has lost on its way.
func check[T any](t *testing.T, want, got T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%T: %v", want, err)
	} else if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("%T (-want +got):\n%s", want, diff)
	}
}

func TestNounsRoundTrip(t *testing.T) {
	roundTrips(t, func(t *testing.T, f *filler) {
		task := filled[proffer.TaskInfo](f)
		gotTask, err := DecodeTask(throughBytes(t, EncodeTask(&task), &Task{}))
		check(t, &task, gotTask, err)

		executor := filled[proffer.ExecutorInfo](f)
		gotExecutor, err := DecodeExecutor(throughBytes(t, EncodeExecutor(&executor), &Executor{}))
		check(t, &executor, gotExecutor, err)

		status := filled[proffer.TaskStatus](f)
		gotStatus, err := DecodeStatus(throughBytes(t, EncodeStatus(&status), &Status{}))
		check(t, &status, gotStatus, err)

		exit := filled[proffer.ExitStatus](f)
		gotExit, err := DecodeExit(throughBytes(t, EncodeExit(&exit), &Exit{}))
		check(t, &exit, gotExit, err)

		agent := filled[proffer.AgentInfo](f)
		gotAgent, err := DecodeAgent(throughBytes(t, EncodeAgent(&agent), &Agent{}))
		check(t, &agent, gotAgent, err)

		framework := filled[proffer.FrameworkInfo](f)
		gotFramework, err := DecodeFramework(throughBytes(t, EncodeFramework(&framework), &Framework{}))
		check(t, &framework, gotFramework, err)

		quantities := filled[resources.Quantities](f)
		gotQuantities, err := DecodeQuantities(EncodeQuantities(quantities))
		check(t, quantities, gotQuantities, err)
	})
}

// TestNilNounsStayNil holds for what is there or not.
func TestNilNounsStayNil(t *testing.T) {
	if EncodeExecutor(nil) != nil || EncodeStatus(nil) != nil || EncodeExit(nil) != nil {
		t.Error("the message of nil is not nil")
	}
	executor, err := DecodeExecutor(nil)
	check(t, nil, executor, err)
	status, err := DecodeStatus(nil)
	check(t, nil, status, err)
	exit, err := DecodeExit(nil)
	check(t, nil, exit, err)
}

// TestTextsOfProgramsNeedNotBeUTF8 keeps arguments that are not.
func TestTextsOfProgramsNeedNotBeUTF8(t *testing.T) {
	odd := "\xff\xfe\x80"
	task := proffer.TaskInfo{ID: "t", Command: &proffer.CommandInfo{Args: []string{"ls", odd}, Env: map[string]string{odd: odd}}}
	got, err := DecodeTask(throughBytes(t, EncodeTask(&task), &Task{}))
	check(t, &task, got, err)
	status := proffer.TaskStatus{TaskID: "t", Message: odd, Container: &proffer.ContainerStatus{Sandbox: odd}}
	gotStatus, err := DecodeStatus(throughBytes(t, EncodeStatus(&status), &Status{}))
	check(t, &status, gotStatus, err)
}

// TestEnumsAreNumberedAsInProffer has the conversions be casts.
func TestEnumsAreNumberedAsInProffer(t *testing.T) {
	for s := proffer.TaskState(0); ; s++ {
		name, known := TaskState_name[int32(s)]
		if known != s.Valid() || (known && name != s.String()) {
			t.Errorf("task state %d is %s, here %q", s, s, name)
		}
		if !known {
			break
		}
	}
	for r := proffer.ReasonNone + 1; ; r++ {
		name, known := Reason_name[int32(r)]
		if known != r.Valid() || (known && name != r.String()) {
			t.Errorf("reason %d is %s, here %q", r, r, name)
		}
		if !known {
			break
		}
	}
	for s := range proffer.Source(len(Source_name)) {
		if s.String() != Source_name[int32(s)] {
			t.Errorf("source %d is %s, here %q", s, s, Source_name[int32(s)])
		}
	}
	for k := range resources.DiskKind(len(DiskKind_name)) {
		if "DISK_"+k.String() != DiskKind_name[int32(k)] {
			t.Errorf("kind of disk %d is %s, here %q", k, k, DiskKind_name[int32(k)])
		}
	}
	for number, name := range map[int32]string{
		int32(offers.OfAttribute): "SUBJECT_ATTRIBUTE", int32(offers.OfHostname): "SUBJECT_HOSTNAME",
		int32(offers.OfRegion): "SUBJECT_REGION", int32(offers.OfZone): "SUBJECT_ZONE", int32(offers.OfResource): "SUBJECT_RESOURCE",
	} {
		if Subject_name[number] != name {
			t.Errorf("subject %d is %q here, want %s", number, Subject_name[number], name)
		}
	}
	for number, name := range map[int32]string{
		int32(offers.Exists): "PREDICATE_EXISTS", int32(offers.NotExists): "PREDICATE_NOT_EXISTS",
		int32(offers.TextEquals): "PREDICATE_TEXT_EQUALS", int32(offers.TextNotEquals): "PREDICATE_TEXT_NOT_EQUALS",
		int32(offers.TextMatches): "PREDICATE_TEXT_MATCHES", int32(offers.TextNotMatches): "PREDICATE_TEXT_NOT_MATCHES",
		int32(offers.Equals): "PREDICATE_EQUALS", int32(offers.NotEquals): "PREDICATE_NOT_EQUALS",
		int32(offers.AtLeast): "PREDICATE_AT_LEAST", int32(offers.AtMost): "PREDICATE_AT_MOST",
	} {
		if Predicate_name[number] != name {
			t.Errorf("predicate %d is %q here, want %s", number, Predicate_name[number], name)
		}
	}
	for number, name := range map[int32]string{
		int32(offers.WhyAvailable): "WHY_AVAILABLE", int32(offers.WhyNotConnected): "WHY_NOT_CONNECTED",
		int32(offers.WhySuppressed): "WHY_SUPPRESSED", int32(offers.WhyNoAgents): "WHY_NO_AGENTS",
		int32(offers.WhyNoDemand): "WHY_NO_DEMAND", int32(offers.WhyOffered): "WHY_OFFERED",
		int32(offers.WhyConstraint): "WHY_CONSTRAINT", int32(offers.WhyGPUs): "WHY_GPUS", int32(offers.WhyRegion): "WHY_REGION",
		int32(offers.WhyDraining): "WHY_DRAINING", int32(offers.WhyTooSmall): "WHY_TOO_SMALL",
		int32(offers.WhyReserved): "WHY_RESERVED", int32(offers.WhyFiltered): "WHY_FILTERED", int32(offers.WhyLimit): "WHY_LIMIT",
		int32(offers.WhyHeadroom): "WHY_HEADROOM", int32(offers.WhyClaimed): "WHY_CLAIMED",
		int32(offers.WhyOfferedElsewhere): "WHY_OFFERED_ELSEWHERE", int32(offers.WhyInUse): "WHY_IN_USE",
		int32(offers.WhyBelowMinimum): "WHY_BELOW_MINIMUM", int32(offers.WhyGang): "WHY_GANG",
	} {
		if Why_name[number] != name {
			t.Errorf("reason %d is %q here, want %s", number, Why_name[number], name)
		}
	}
	if !strings.HasPrefix(offers.Why(len(Why_name)).String(), "Why(") {
		t.Errorf("reason %s has no number here", offers.Why(len(Why_name)))
	}
}
