package agent_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
)

type sched struct {
	tasks []proffer.TaskInfo
	t     *testing.T
	ended chan string
}

func (s *sched) ResourceOffers(_ context.Context, d *scheduler.Driver, o []*offers.Offer) error {
	t := s.tasks
	s.tasks = nil
	if len(t) == 0 {
		return nil
	}
	return d.Accept(o[0].ID, t...)
}

func (s *sched) StatusUpdate(_ context.Context, d *scheduler.Driver, st proffer.TaskStatus) error {
	s.t.Log(time.Now().Format("05.000"), st)
	if st.State.Terminal() {
		s.ended <- st.String()
	}
	if st.State == proffer.TaskRunning && st.TaskID == "kill" {
		return d.Kill("kill", scheduler.WithGrace(time.Second))
	}
	return nil
}

func TestSmoke(t *testing.T) {
	cz, err := process.New(process.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer cz.Close()
	m, _ := master.New(master.Config{})
	a, err := agent.New(agent.Config{
		Master: m, WorkDir: t.TempDir(), Containerizer: cz,
		Output:    func(l agent.Line) { t.Log("OUT", l) },
		Executors: map[string]executor.Executor{"go": executor.Func(func(ctx context.Context, task proffer.TaskInfo) error {
			if task.ID == "panic" {
				panic("oh")
			}
			return nil
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go m.Run(ctx)
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	s := &sched{t: t, ended: make(chan string, 100)}
	add := func(id string, c *proffer.CommandInfo, e *proffer.ExecutorInfo) {
		s.tasks = append(s.tasks, proffer.TaskInfo{ID: proffer.TaskID(id), Command: c, Executor: e, Resources: resources.MustParse("cpus:0.1;mem:32")})
	}
	add("ok", proffer.Shell("echo hi; pwd; env | grep PROFFER"), nil)
	add("three", proffer.Shell("exit 3"), nil)
	add("none", proffer.Args("/nonexisting"), nil)
	add("kill", proffer.Shell("trap '' TERM; while :; do sleep 0.1; done"), nil)
	e := &proffer.ExecutorInfo{ID: "e", Name: "go"}
	add("f1", nil, e)
	add("panic", nil, e)
	add("noexec", nil, &proffer.ExecutorInfo{ID: "x", Name: "unknown"})
	d, err := scheduler.New(s, scheduler.Config{Name: "x", Master: m})
	if err != nil {
		t.Fatal(err)
	}
	n := len(s.tasks)
	go d.Run(ctx)
	for range n {
		t.Log(<-s.ended)
	}
	cancel()
	fmt.Println(<-done)
}
