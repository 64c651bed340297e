package wire

import (
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

var update = flag.Bool("update", false, "write the golden files")

// typical are the messages that pass most often, as they usually are.
var typical = []struct {
	name    string
	message any
}{
	{"run_tasks", &protocol.RunTasks{FrameworkID: "F1", User: "batch", Role: "eng", Tasks: []*proffer.TaskInfo{{
		ID: "job-17.1", Name: "job-17", Resources: resources.MustParse("cpus:2;mem:512"),
		Command: &proffer.CommandInfo{Shell: "make -j2 all", Env: map[string]string{"JOB": "17"}},
		Labels:  map[string]string{"team": "blue"},
	}}}},
	{"status_update", &protocol.StatusUpdate{FrameworkID: "F1", Latest: proffer.TaskFinished, Status: &proffer.TaskStatus{
		TaskID: "job-17.1", AgentID: "A1", State: proffer.TaskFinished, Reason: proffer.ReasonCommandExited, Source: proffer.SourceAgent,
		Message: "exit status 0", Time: time.Date(2026, 11, 22, 3, 4, 5, 6, time.UTC), UpdateID: 3,
		Exit: &proffer.ExitStatus{}, Container: &proffer.ContainerStatus{ID: "c1", PID: 4711, Sandbox: "/var/lib/proffer/c1"},
	}}},
	{"offers", &scheduler.OffersEvent{Offers: []*offers.Offer{{
		ID: "O1", FrameworkID: "F1", AgentID: "A1", Hostname: "node-1", Role: "eng",
		Attributes: resources.MustParseAttributes("rack:r1"),
		Resources:  resources.MustParse("cpus:16;mem:65536;ports:[31000-32000]"),
	}}}},
	{"keepalive", nil},
}

// TestGoldenBytes has a change of the wire form noticed: what an older program
// wrote must still be read.
func TestGoldenBytes(t *testing.T) {
	for _, x := range typical {
		b, err := Encode(Header{Connection: 7, Number: 300}, x.message)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", x.name+".hex")
		if *update {
			if err := os.WriteFile(file, []byte(lines(hex.EncodeToString(b))), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), lines(hex.EncodeToString(b))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", x.name, diff)
		}
	}
}

func lines(s string) string {
	var b strings.Builder
	for len(s) > 64 {
		b.WriteString(s[:64] + "\n")
		s = s[64:]
	}
	return b.String() + s + "\n"
}

func TestKeepaliveHasNoMessage(t *testing.T) {
	b, err := Encode(Header{Connection: 1, Number: 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, m, err := DecodeToAgent(b)
	if want := (Header{1, 2}); err != nil || m != nil || h != want {
		t.Errorf("got %v %v %v, want %v, no message, no error", h, m, err, want)
	}
	if _, m, err := DecodeCall(b); m != nil || err != nil {
		t.Errorf("got %v %v", m, err)
	}
}

// TestUnknownFieldsAreTolerated lets newer programs say more.
func TestUnknownFieldsAreTolerated(t *testing.T) {
	want := typical[1].message.(*protocol.StatusUpdate)
	extra := protowire.AppendString(protowire.AppendTag(nil, 999, protowire.BytesType), "news")
	status := EncodeStatus(want.Status)
	status.ProtoReflect().SetUnknown(extra)
	e := &Envelope{Version: Version, Content: &Envelope_StatusUpdate{&StatusUpdate{FrameworkId: "F1", Status: status, Latest: TaskState(want.Latest)}}}
	e.ProtoReflect().SetUnknown(extra)
	b, err := proto.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	_, got, err := DecodeToMaster(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(protocol.ToMaster(want), got, same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWhatIsRefused shows that an error names the field.
func TestWhatIsRefused(t *testing.T) {
	kill := &Envelope_KillTask{&KillTask{FrameworkId: "F1", TaskId: "t1"}}
	task := func(change func(*Task)) *Envelope {
		m := &Task{Id: "t1"}
		change(m)
		return &Envelope{Version: 1, Content: &Envelope_RunTasks{&RunTasks{FrameworkId: "F1", Tasks: []*Task{m}}}}
	}
	for _, x := range []struct {
		what string
		e    *Envelope
		want string
	}{
		{"version 0", &Envelope{Content: kill}, "version is missing"},
		{"version 2", &Envelope{Version: 2, Content: kill}, "it is 2, and 1 is the newest that is known here: update this program"},
		{"no content", &Envelope{Version: 1}, "content: it is missing"},
		{"another way", &Envelope{Version: 1, Content: &Envelope_Leave{&Leave{}}}, "content: a message leave does not go this way"},
		{"no framework", &Envelope{Version: 1, Content: &Envelope_KillTask{&KillTask{TaskId: "t1"}}}, "framework id is empty"},
		{"a path for an id", &Envelope{Version: 1, Content: &Envelope_KillTask{&KillTask{FrameworkId: "F1", TaskId: "../t1"}}}, `task id "../t1" contains '/'`},
		{"no tasks", &Envelope{Version: 1, Content: &Envelope_RunTasks{&RunTasks{FrameworkId: "F1"}}}, "run tasks: no task is named"},
		{"large data", task(func(m *Task) { m.Data = make([]byte, proffer.MaxDataSize+1) }), `task "t1": data: it has 1048577 bytes, at most 1048576 are allowed`},
		{"port", task(func(m *Task) { m.Check = &Check{Probe: &Probe{Tcp: &TCPProbe{Port: 65536}}} }), `task "t1": check: port 65536 is above 65535`},
		{"label", task(func(m *Task) { m.Labels = []*Label{{Key: "a"}, {Key: "a"}} }), `task "t1": labels: key: "a" is there twice`},
		{"resource", task(func(m *Task) { m.Resources = []*Resource{{Name: "cpus", Scalar: -1}} }), `task "t1": resources: resources: invalid: resource "cpus": number -0.001 is negative`},
		{"kind", task(func(m *Task) { m.Resources = []*Resource{{Name: "x", Kind: 9}} }), `resource "x": kind: value 9 is not known: want at most 2`},
		{"negative kind", task(func(m *Task) { m.Resources = []*Resource{{Name: "x", Kind: -256}} }), `resource "x": kind: value -256 is not known`},
		{"half a range", task(func(m *Task) { m.Resources = []*Resource{{Name: "x", Kind: 1, Ranges: []uint64{1}}} }), "ranges: the last range has a beginning and no end"},
	} {
		b, err := proto.Marshal(x.e)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = DecodeToAgent(b)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: error %v, want one with %q", x.what, err, x.want)
		}
		if (x.what == "version 2") != errors.Is(err, ErrVersion) {
			t.Errorf("%s: is ErrVersion: %v", x.what, errors.Is(err, ErrVersion))
		}
	}
	if _, err := Encode(Header{}, 17); err == nil {
		t.Error("a number was encoded")
	}
	if _, err := Encode(Header{}, &scheduler.TeardownCall{}); err != nil {
		t.Error(err)
	}
	_, err := Encode(Header{}, &protocol.RunTasks{Tasks: []*proffer.TaskInfo{{ID: "t1"}, {ID: "t2", Labels: map[string]string{"a": "\xff"}}}})
	if want := `*protocol.RunTasks: text "\xff" is not UTF-8`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a label that is not UTF-8: %v, want %s", err, want)
	}
	_, err = Encode(Header{}, &protocol.Register{Tasks: []protocol.RunningTask{{Task: &proffer.TaskInfo{ID: "t", Labels: map[string]string{"a": "\xff"}}}}})
	if want := `tasks: task: labels: value "\xff": `; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a label that is not UTF-8: %v, want %s", err, want)
	}
}

// TestEnvelopeIsThatOfTheProtoFile holds what is written by hand against the
// generated code: the bytes, and the number of every content.
func TestEnvelopeIsThatOfTheProtoFile(t *testing.T) {
	f := newFiller(1)
	fields := (&Envelope{}).ProtoReflect().Descriptor().Oneofs().ByName("content").Fields()
	seen := make(map[protowire.Number]bool)
	for _, example := range slices.Concat(toMaster, toAgent, calls, events, []any{nil}) {
		var message any
		if example != nil {
			message = f.message(example)
		}
		b, err := Encode(Header{Connection: 7, Number: 300}, message)
		if err != nil {
			t.Fatal(err)
		}
		var e Envelope
		if err := proto.Unmarshal(b, &e); err != nil {
			t.Fatal(err)
		}
		generated, err := proto.Marshal(&e)
		if err != nil || len(e.ProtoReflect().GetUnknown()) > 0 || e.Content == nil {
			t.Fatalf("%T: %v, not known: %x", message, err, e.ProtoReflect().GetUnknown())
		}
		if diff := cmp.Diff(hex.EncodeToString(generated), hex.EncodeToString(b)); diff != "" {
			t.Errorf("%T (-generated +written):\n%s", message, diff)
		}
		e.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			seen[field.Number()] = true
			return true
		})
	}
	for i := range fields.Len() {
		if n := fields.Get(i).Number(); !seen[n] || n > maxContent {
			t.Errorf("field %d, %s, is never sent, or above %d", n, fields.Get(i).Name(), maxContent)
		}
	}
}

func TestReceiver(t *testing.T) {
	r := Receiver{Connection: 5}
	s := Sender{Connection: 5}
	first, second, third := s.Next(), s.Next(), s.Next()
	for _, x := range []struct {
		what    string
		h       Header
		deliver bool
		broken  bool
	}{
		{"the first", first, true, false},
		{"it again", first, false, false},
		{"one of an earlier connection", Header{4, 2}, false, false},
		{"the second", second, true, false},
		{"the first once more", first, false, false},
		{"one too far", Header{5, 4}, false, true},
		{"the third, too late", third, false, true},
	} {
		deliver, err := r.Receive(x.h)
		if deliver != x.deliver || errors.Is(err, ErrBroken) != x.broken {
			t.Errorf("%s: deliver %v, %v", x.what, deliver, err)
		}
	}
	if deliver, err := (&Receiver{}).Receive(Header{}); deliver || !errors.Is(err, ErrBroken) {
		t.Errorf("an envelope without number: deliver %v, %v", deliver, err)
	}
}
