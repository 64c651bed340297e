package probe_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func portOf(t *testing.T, addr net.Addr) uint16 {
	t.Helper()
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		t.Fatalf("address %v", addr)
	}
	return uint16(tcp.Port)
}

// closedPort is one that nobody listens on.
func closedPort(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return portOf(t, l.Addr())
}

func TestHTTP(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/query":
			if r.URL.RawQuery != "a=b" {
				w.WriteHeader(http.StatusBadRequest)
			}
		case "/slow":
			<-r.Context().Done()
		}
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secure.Close()
	for _, tc := range []struct {
		name    string
		probe   proffer.HTTPProbe
		status  *int
		problem string
	}{
		{"good", proffer.HTTPProbe{Port: portOf(t, plain.Listener.Addr()), Path: "/"}, new(200), ""},
		{"no path", proffer.HTTPProbe{Port: portOf(t, plain.Listener.Addr())}, new(200), ""},
		{"query", proffer.HTTPProbe{Port: portOf(t, plain.Listener.Addr()), Path: "/query?a=b"}, new(200), ""},
		{"an answer that leads elsewhere", proffer.HTTPProbe{Port: portOf(t, plain.Listener.Addr()), Path: "/moved"}, new(302), ""},
		{"broken", proffer.HTTPProbe{Port: portOf(t, plain.Listener.Addr()), Path: "/broken"}, new(500), "HTTP status 500"},
		{"unverified certificate", proffer.HTTPProbe{Port: portOf(t, secure.Listener.Addr()), Path: "/", Scheme: "https"}, new(200), ""},
		{"nobody there", proffer.HTTPProbe{Port: closedPort(t)}, nil, "connection refused"},
		{"too slow", proffer.HTTPProbe{Port: portOf(t, plain.Listener.Addr()), Path: "/slow"}, nil, "no result within 300ms"},
		{"not a path", proffer.HTTPProbe{Port: 80, Path: "/%zz"}, nil, "invalid URL"},
	} {
		p := &probe.Prober{Clock: clock.System}
		got := p.Once(t.Context(), &proffer.Probe{HTTP: &tc.probe, Timeout: 300 * time.Millisecond})
		if diff := cmp.Diff(proffer.CheckResult{HTTPStatus: tc.status}, got.Check); diff != "" {
			t.Errorf("%s: result (-want +got):\n%s", tc.name, diff)
		}
		if (got.Problem == "") != (tc.problem == "") || !strings.Contains(got.Problem, tc.problem) {
			t.Errorf("%s: problem %q, want %q", tc.name, got.Problem, tc.problem)
		}
	}
}

func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	p := &probe.Prober{Clock: clock.System}
	got := p.Once(t.Context(), &proffer.Probe{TCP: &proffer.TCPProbe{Port: portOf(t, l.Addr())}})
	if diff := cmp.Diff(probe.Result{Check: proffer.CheckResult{Connected: new(true)}}, got); diff != "" {
		t.Errorf("open port (-want +got):\n%s", diff)
	}
	got = p.Once(t.Context(), &proffer.Probe{TCP: &proffer.TCPProbe{Port: closedPort(t)}})
	if diff := cmp.Diff(proffer.CheckResult{Connected: new(false)}, got.Check); diff != "" || !strings.Contains(got.Problem, "refused") {
		t.Errorf("closed port: problem %q, result (-want +got):\n%s", got.Problem, diff)
	}
}

func TestCommand(t *testing.T) {
	for _, tc := range []struct {
		name    string
		exit    proffer.ExitStatus
		err     error
		want    *int
		problem string
	}{
		{"good", proffer.ExitStatus{}, nil, new(0), ""},
		{"bad", proffer.ExitStatus{Code: 3}, nil, new(3), "exit status 3"},
		{"not run", proffer.ExitStatus{}, errors.New("not found"), nil, "not found"},
	} {
		p := &probe.Prober{Clock: clock.System, Exec: func(context.Context, *proffer.CommandInfo) (proffer.ExitStatus, error) {
			return tc.exit, tc.err
		}}
		got := p.Once(t.Context(), &proffer.Probe{Command: proffer.Shell("true")})
		if diff := cmp.Diff(probe.Result{Check: proffer.CheckResult{ExitCode: tc.want}, Problem: tc.problem}, got); diff != "" {
			t.Errorf("%s: result (-want +got):\n%s", tc.name, diff)
		}
	}
}

// The pauses are those of Mesos: a delay, then an interval from the end of
// each probe, which a time-out bounds.
func TestRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var began, ended []time.Duration
		var problems []string
		p := &probe.Prober{Clock: clock.System, Exec: func(ctx context.Context, _ *proffer.CommandInfo) (proffer.ExitStatus, error) {
			began = append(began, time.Since(start))
			if len(began) == 2 {
				<-ctx.Done()
				return proffer.ExitStatus{}, context.Cause(ctx)
			}
			time.Sleep(time.Second)
			return proffer.ExitStatus{}, nil
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p.Repeat(ctx, &proffer.Probe{Command: proffer.Shell("true")}, func(r probe.Result) {
			ended = append(ended, time.Since(start))
			problems = append(problems, r.Problem)
		})
		if diff := cmp.Diff([]time.Duration{15 * time.Second, 26 * time.Second, 56 * time.Second}, began); diff != "" {
			t.Errorf("beginnings (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]time.Duration{16 * time.Second, 46 * time.Second, 57 * time.Second}, ended); diff != "" {
			t.Errorf("ends (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"", "no result within 20s", ""}, problems); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("Repeat returned after %v", took)
		}
	})
}
