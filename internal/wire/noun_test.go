package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer"
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
}
