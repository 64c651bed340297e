package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
	"github.com/proffer-go/proffer/scheduler/master"
)

func TestMain(m *testing.M) {
	if os.Getenv(victimEnv) != "" {
		victim()
		return
	}
	goleak.VerifyTestMain(m)
}

// jobs is a scheduler of a list of tasks. It launches each once and tears the
// framework down when all have ended.
type jobs struct {
	waiting  []proffer.TaskInfo
	left     int
	history  map[proffer.TaskID][]proffer.TaskStatus
	onStatus func(d *scheduler.Driver, s proffer.TaskStatus)
}

func newJobs(tasks ...proffer.TaskInfo) *jobs {
	return &jobs{waiting: slices.Clone(tasks), left: len(tasks), history: make(map[proffer.TaskID][]proffer.TaskStatus)}
}

func (j *jobs) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		left := o.Resources
		var fit []proffer.TaskInfo
		j.waiting = slices.DeleteFunc(j.waiting, func(t proffer.TaskInfo) bool {
			rest, ok := left.Sub(t.Resources)
			if ok {
				left, fit = rest, append(fit, t)
			}
			return ok
		})
		if err := d.Accept(o.ID, fit...); err != nil {
			return scheduler.Terminal(err)
		}
	}
	return nil
}

func (j *jobs) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	j.history[s.TaskID] = append(j.history[s.TaskID], s)
	if j.onStatus != nil {
		j.onStatus(d, s)
	}
	if s.State.Terminal() {
		j.left--
	}
	if j.left == 0 {
		return d.Teardown()
	}
	return nil
}

func (j *jobs) last(id proffer.TaskID) proffer.TaskStatus {
	h := j.history[id]
	if len(h) == 0 {
		return proffer.TaskStatus{}
	}
	return h[len(h)-1]
}

func (j *jobs) states(id proffer.TaskID) string {
	var list []string
	for _, s := range j.history[id] {
		list = append(list, s.State.String())
	}
	return strings.Join(list, " ")
}

func shell(id, line string) proffer.TaskInfo {
	return proffer.TaskInfo{ID: proffer.TaskID(id), Command: proffer.Shell(line), Resources: resources.MustParse("cpus:0.1;mem:64")}
}

// within is a context that ends a test that hangs.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestCommandsRunToTheirEnds(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	var lines []string
	j := newJobs(
		shell("good", "echo out; echo err >&2"),
		shell("bad", "exit 3"),
		shell("signalled", "kill -SEGV $$"),
		proffer.TaskInfo{ID: "missing", Command: proffer.Args("/no/such/program"), Resources: resources.MustParse("cpus:0.1")},
		shell("slow", "sleep 60"),
	)
	j.onStatus = func(d *scheduler.Driver, s proffer.TaskStatus) {
		if s.TaskID == "slow" && s.State == proffer.TaskRunning {
			if err := d.Kill("slow"); err != nil {
				t.Error(err)
			}
		}
	}
	err := embedded.Run(within(t), embedded.Config{
		Agents: 2, Dir: dir, Output: func(l embedded.Line) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, fmt.Sprintf("%s %v", l, l.Stderr))
		},
	}, j, scheduler.Config{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[proffer.TaskID]string{
		"good":      "TASK_STARTING TASK_RUNNING TASK_FINISHED",
		"bad":       "TASK_STARTING TASK_RUNNING TASK_FAILED",
		"signalled": "TASK_STARTING TASK_RUNNING TASK_FAILED",
		"missing":   "TASK_STARTING TASK_FAILED",
		"slow":      "TASK_STARTING TASK_RUNNING TASK_KILLING TASK_KILLED",
	} {
		if got := j.states(id); got != want {
			t.Errorf("%s: %s, want %s (%s)", id, got, want, j.last(id))
		}
	}
	if s := j.last("bad"); s.Exit == nil || s.Exit.Code != 3 || s.Message != "exit status 3" {
		t.Errorf("bad: %s", s)
	}
	if s := j.last("missing"); s.Reason != proffer.ReasonContainerLaunchFailed {
		t.Errorf("missing: %s", s)
	}
	slices.Sort(lines)
	if got, want := strings.Join(lines, "\n"), "good | err true\ngood | out false"; got != want {
		t.Errorf("output\n%s\nwant\n%s", got, want)
	}
	out, err := os.ReadFile(filepath.Join(j.last("good").Container.Sandbox, "stdout"))
	if err != nil || string(out) != "out\n" {
		t.Errorf("the output was not kept in Dir: %q, %v", out, err)
	}
}

func TestTaskGroupLivesAndDiesTogether(t *testing.T) {
	group := proffer.TaskGroup{Tasks: []proffer.TaskInfo{shell("server", "sleep 60"), shell("sidecar", "sleep 0.2; exit 1")}}
	j := newJobs()
	j.left = 2
	err := embedded.Run(within(t), embedded.Config{}, &groupOnce{jobs: j, group: group}, scheduler.Config{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if s := j.last("sidecar"); s.State != proffer.TaskFailed {
		t.Errorf("sidecar: %s", s)
	}
	if s := j.last("server"); s.State != proffer.TaskKilled || s.Reason != proffer.ReasonTaskGroupMemberEnded {
		t.Errorf("server: %s", s)
	}
}

type groupOnce struct {
	*jobs
	group proffer.TaskGroup
	sent  bool
}

func (g *groupOnce) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if g.sent {
		return nil
	}
	g.sent = true
	return d.AcceptGroup(list[0].ID, g.group)
}

// Several frameworks in several roles share the agents.
func TestFrameworksShareTheCluster(t *testing.T) {
	cluster, err := embedded.Start(embedded.Config{
		Agents: 2, Resources: resources.MustParse("cpus:1;mem:1024"), Master: master.Config{Weights: map[string]float64{"batch": 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, role := range []string{"web", "batch", "batch/nightly"} {
		var tasks []proffer.TaskInfo
		for i := range 8 {
			tasks = append(tasks, shell(fmt.Sprintf("%s-%d", strings.ReplaceAll(role, "/", "-"), i), "true"))
		}
		j := newJobs(tasks...)
		d, err := scheduler.New(j, scheduler.Config{Name: role, Master: cluster, Roles: []string{role}})
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if err := d.Run(within(t)); err != nil {
				t.Errorf("%s: %v", role, err)
			}
			for _, task := range tasks {
				if s := j.last(task.ID); s.State != proffer.TaskFinished {
					t.Errorf("%s", s)
				}
			}
		})
	}
	wg.Wait()
	if err := cluster.Close(); err != nil {
		t.Error(err)
	}
	if err := cluster.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := cluster.Subscribe(t.Context(), proffer.FrameworkInfo{Name: "late", Roles: []string{"*"}}, offers.Subscription{}); !errors.Is(err, scheduler.ErrMasterClosed) {
		t.Errorf("subscription after Close: %v", err)
	}
}

func TestConfigIsValidated(t *testing.T) {
	for want, cfg := range map[string]embedded.Config{
		"Config.Agents -1":    {Agents: -1},
		"Config.Agents 10001": {Agents: 10001},
		"Config.Weights":      {Master: master.Config{Weights: map[string]float64{"a": -1}}},
		"not a directory":     {Dir: "/dev/null/x"},
	} {
		c, err := embedded.Start(cfg)
		if err == nil {
			_ = c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

func TestDefaultsSplitTheMachine(t *testing.T) {
	const agents = 3
	seen := make(map[proffer.AgentID]resources.Resources)
	s := &collector{seen: seen, want: agents}
	if err := embedded.Run(within(t), embedded.Config{Agents: agents}, s, scheduler.Config{Name: "test"}); err != nil {
		t.Fatal(err)
	}
	var ports uint64
	var all resources.Ranges
	for id, r := range seen {
		if r.CPUs() <= 0 || r.Mem() <= 0 {
			t.Errorf("agent %s has %s", id, r)
		}
		ports += r.Ports().Count()
		all = append(all, r.Ports()...)
	}
	slices.SortFunc(all, func(a, b resources.Range) int { return int(a.Begin) - int(b.Begin) })
	for i := 1; i < len(all); i++ {
		if all[i].Begin <= all[i-1].End {
			t.Errorf("agents share ports: %v", all)
		}
	}
	if ports < 999 {
		t.Errorf("agents have %d ports together", ports)
	}
}

// collector keeps what each agent offers.
type collector struct {
	seen map[proffer.AgentID]resources.Resources
	want int
}

func (c *collector) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		c.seen[o.AgentID] = o.Resources
	}
	if len(c.seen) == c.want {
		return d.Teardown()
	}
	return nil
}

func (c *collector) StatusUpdate(context.Context, *scheduler.Driver, proffer.TaskStatus) error {
	return nil
}
