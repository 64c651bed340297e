package wire

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

var (
	toMaster = []any{
		protocol.Register{},
		protocol.StatusUpdate{},
		protocol.TaskEnded{},
		protocol.ExecutorMessage{},
		protocol.FrameworkEnded{},
		protocol.Leave{},
		protocol.ExecutorExited{},
	}
	toAgent = []any{
		protocol.Registered{},
		protocol.Refused{},
		protocol.RunTasks{},
		protocol.KillTask{},
		protocol.Acknowledge{},
		protocol.FrameworkMessage{},
		protocol.ShutdownExecutor{},
		protocol.ShutdownFramework{},
	}
	calls = []any{
		scheduler.AcceptCall{},
		scheduler.DeclineCall{},
		scheduler.SuppressCall{},
		scheduler.ReviveCall{},
		scheduler.UpdateCall{},
		scheduler.AcceptAllCall{},
		scheduler.HoldCall{},
		scheduler.DemandCall{},
		scheduler.ClearDemandCall{},
		scheduler.AnswerInverseCall{},
		scheduler.KillCall{},
		scheduler.AcknowledgeCall{},
		scheduler.ReconcileCall{},
		scheduler.MessageCall{},
		scheduler.ShutdownExecutorCall{},
		scheduler.TeardownCall{},
		SubscribeCall{},
		ExplainCall{},
	}
	events = []any{
		scheduler.SubscribedEvent{},
		scheduler.OffersEvent{},
		scheduler.RescindEvent{},
		scheduler.InverseOfferEvent{},
		scheduler.RescindInverseEvent{},
		scheduler.OperationsEvent{},
		scheduler.UpdateEvent{},
		scheduler.MessageEvent{},
		scheduler.FailureEvent{},
		scheduler.ErrorEvent{},
		SubscribeEvent{},
		ExplainEvent{},
	}
)

// message returns a pointer to a filled one of the type of example.
func (f *filler) message(example any) any {
	v := reflect.New(reflect.TypeOf(example))
	f.fill(v.Elem())
	return v.Interface()
}

func testRoundTrip[M any](t *testing.T, examples []any, decode func(b []byte) (Header, M, error)) {
	t.Helper()
	roundTrips(t, func(t *testing.T, f *filler) {
		for _, example := range examples {
			header, want := filled[Header](f), f.message(example)
			b, err := Encode(header, want)
			if err != nil {
				t.Fatal(err)
			}
			gotHeader, got, err := decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(header, gotHeader); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, any(got), same); diff != "" {
				t.Errorf("%T (-want +got):\n%s", want, diff)
			}
		}
	})
}

func TestMessagesRoundTrip(t *testing.T) {
	t.Run("ToMaster", func(t *testing.T) { testRoundTrip(t, toMaster, DecodeToMaster) })
	t.Run("ToAgent", func(t *testing.T) { testRoundTrip(t, toAgent, DecodeToAgent) })
	t.Run("Call", func(t *testing.T) { testRoundTrip(t, calls, DecodeCall) })
	t.Run("Event", func(t *testing.T) { testRoundTrip(t, events, DecodeEvent) })
}

// TestEveryMessageIsTested finds the message that was added and forgotten here.
func TestEveryMessageIsTested(t *testing.T) {
	for _, family := range []struct {
		dir, method string
		tested      []any
	}{
		{"../protocol", "toMaster", toMaster},
		{"../protocol", "toAgent", toAgent},
		{"../../scheduler", "call", calls},
		{"../../scheduler", "event", events},
		{"../../offers", "operation", asAny(operations)},
	} {
		var want, got []string
		eachDeclaration(t, family.dir, func(d ast.Decl) {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name != family.method || f.Recv == nil {
				return
			}
			receiver := f.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			want = append(want, receiver.(*ast.Ident).Name)
		})
		for _, m := range family.tested {
			if reflect.TypeOf(m).PkgPath() != reflect.TypeFor[Header]().PkgPath() {
				got = append(got, reflect.TypeOf(m).Name())
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("messages with %s (-declared +tested):\n%s", family.method, diff)
		}
	}
}

// TestEverySortOfErrorHasAName finds the sentinel that was added and forgotten.
func TestEverySortOfErrorHasAName(t *testing.T) {
	var got []string
	for _, s := range sorts {
		got = append(got, s.name)
	}
	for _, name := range []string{"scheduler", "offers", "resources"} {
		eachDeclaration(t, "../../"+name, func(d ast.Decl) {
			list, ok := d.(*ast.GenDecl)
			if !ok || list.Tok != token.VAR {
				return
			}
			for _, spec := range list.Specs {
				v := spec.(*ast.ValueSpec)
				// What is another package's is there under its name.
				made := len(v.Values) == 1
				if made {
					_, made = v.Values[0].(*ast.CallExpr)
				}
				if full := name + "." + v.Names[0].Name; made && strings.HasPrefix(v.Names[0].Name, "Err") && !slices.Contains(got, full) {
					t.Errorf("%s is not among the sorts", full)
				}
			}
		})
	}
}

func eachDeclaration(t *testing.T, dir string, visit func(ast.Decl)) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files, %v", dir, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			visit(d)
		}
	}
}

func asAny[T any](list []T) []any {
	all := make([]any, len(list))
	for i, v := range list {
		all[i] = v
	}
	return all
}

// TestNilAndEmptyAreKeptApart holds where they mean different things.
func TestNilAndEmptyAreKeptApart(t *testing.T) {
	for _, want := range []offers.Subscription{
		{},
		{Suppressed: []string{}},
		{MinAllocatable: map[string][]resources.Quantities{"a": {}, "b": nil, "c": {{}}}},
		{Constraints: map[string]offers.Constraints{"a": nil, "b": {nil}}},
	} {
		b, err := Encode(Header{}, &scheduler.UpdateCall{Terms: want})
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := DecodeCall(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&scheduler.UpdateCall{Terms: want}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestErrorsKeepTheirSort(t *testing.T) {
	for _, s := range sorts {
		b, err := Encode(Header{}, &scheduler.ErrorEvent{Err: errors.Join(errors.New("first"), s.err)})
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := DecodeEvent(b)
		if err != nil {
			t.Fatal(err)
		}
		failure := got.(*scheduler.ErrorEvent).Err
		if want := "first\n" + s.err.Error(); failure.Error() != want {
			t.Errorf("text %q, want %q", failure, want)
		}
		for _, o := range sorts {
			if errors.Is(failure, o.err) != (o == s) {
				t.Errorf("%s is %s: %v", s.name, o.name, o != s)
			}
		}
	}
}
