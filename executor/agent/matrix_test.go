package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process"
	"github.com/proffer-go/proffer/internal/boltstore"
	"github.com/proffer-go/proffer/internal/protocol"
)

// crashPoints returns all of the package, from its source.
func crashPoints(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	hit := regexp.MustCompile(`crashpoint\.Hit\("([^"]*)"\)`)
	var points []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range hit.FindAllStringSubmatch(string(b), -1) {
			points = append(points, match[1])
		}
	}
	slices.Sort(points)
	return points
}

// TestCrashMatrix kills an agent at every crash point, during launches, kills,
// exits, statuses and recoveries, and starts it again. Every task then comes to
// one end, and ran as often as that end says; nothing is left of any.
func TestCrashMatrix(t *testing.T) {
	points := crashPoints(t)
	if len(points) < 15 {
		t.Errorf("there are %d crash points, want 15 at least: %q", len(points), points)
	}
	for _, point := range points {
		times := []string{point, point + "#2"}
		if racing || testing.Short() {
			times = times[:1]
		}
		for _, at := range times {
			t.Run(at, func(t *testing.T) {
				t.Parallel()
				newMatrix(t, at).run()
			})
		}
	}
}

// matrix is one crash: the master, with a scheduler that wants each of its
// tasks launched once.
type matrix struct {
	*testing.T
	dir     string
	master  *fakeMaster
	agent   *victim
	starts  int
	crashes int
	at      string
	tasks   map[proffer.TaskID]*sought
	deaf    bool // to SIGTERM: one task is
	listed  bool // the executor, by the agent that registered last
	over    bool // the executor has ended
	fenced  bool // the agent has dealt with everything it was sent
}

// sought is what the master knows of a task.
type sought struct {
	info   *proffer.TaskInfo
	sent   bool // to an agent
	kill   bool // it is to be killed once it runs
	told   map[uint64]proffer.TaskState
	last   uint64
	end    proffer.TaskState
	reason proffer.Reason
}

func newMatrix(t *testing.T, at string) *matrix {
	t.Helper()
	dir := t.TempDir()
	leaveNothing(t, dir)
	if err := os.Mkdir(filepath.Join(dir, "ran"), 0o755); err != nil {
		t.Fatal(err)
	}
	x := &matrix{T: t, dir: dir, at: at, master: newFakeMaster(), tasks: map[proffer.TaskID]*sought{}}
	note := func(id string) string { return "echo started >> " + filepath.Join(dir, "ran", id) }
	ready := newGate(t, dir, "ready")
	deaf := steps("deaf", "trap '' TERM", note("deaf"), "echo > "+ready.path, "while :; do sleep 0.05; done")
	deaf.KillGrace = 50 * time.Millisecond
	x.add(steps("ends", note("ends"), "exit 3"), false)
	x.add(steps("killed", note("killed"), "exec sleep 1000"), true)
	x.add(deaf, true)
	x.add(custom(t, "handed", "good"), true)
	x.watch(ready)
	return x
}

// watch has the master hear of it, as nil, when the deaf task is deaf.
func (x *matrix) watch(ready gate) {
	f, err := os.OpenFile(ready.path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		x.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := f.Read(make([]byte, 1)); err == nil {
			x.master.received.Put(nil)
		}
	}()
	x.Cleanup(func() {
		_ = f.Close() // the reading ends
		<-done
	})
}

func (x *matrix) add(task *proffer.TaskInfo, kill bool) {
	x.tasks[task.ID] = &sought{info: task, kill: kill, told: map[uint64]proffer.TaskState{}}
}

// run goes on until every task has ended.
func (x *matrix) run() {
	recovery := strings.HasPrefix(x.at, "agent/recover/")
	x.start(!recovery)
	for !x.fenced || !x.stop() {
		messages, err := x.master.received.Receive(x.agent.dead, nil)
		if err != nil {
			x.Fatal(err)
		}
		if len(messages) == 0 { // it is dead
			x.crashes++
			x.start(recovery && x.crashes == 1)
			continue
		}
		for _, m := range messages {
			x.hear(m)
		}
		if x.done() { // what is unknown is answered after what came before
			x.master.send(&protocol.KillTask{FrameworkID: "F1", TaskID: fence})
		}
		if recovery && x.crashes == 0 && x.tasks["killed"].told[2] == proffer.TaskRunning {
			x.agent.kill()
		}
	}
	if !strings.HasSuffix(x.at, "#2") && x.crashes == 0 {
		x.Error("the agent never came by")
	}
	x.check()
}

// stop has the agent end in good order. It may come by the point even then:
// another has to be started.
func (x *matrix) stop() bool {
	_ = x.agent.stdin.Close()
	<-x.agent.dead
	x.fenced = false
	if x.agent.armed && x.agent.err != nil {
		return false
	}
	if x.agent.err != nil {
		x.Errorf("the agent ended with %v", x.agent.err)
	}
	return true
}

// start starts an agent, to die at the point or not.
func (x *matrix) start(armed bool) {
	if x.starts++; x.starts > 5 {
		x.Fatal("the agent dies again and again")
	}
	at := ""
	if armed {
		at = x.at
	}
	x.agent = startVictim(x.T, x.master, x.dir, at)
}

func (x *matrix) hear(m protocol.ToMaster) {
	switch m := m.(type) {
	case *protocol.Register:
		x.registered(m)
	case *protocol.StatusUpdate:
		x.updated(m)
	case *protocol.ExecutorExited:
		x.over = true
	case nil:
		x.deaf = true
		x.kill("deaf")
	default:
	}
}

// registered compares what was launched with what there is, as a master does.
func (x *matrix) registered(m *protocol.Register) {
	has := map[proffer.TaskID]bool{}
	for _, task := range m.Tasks {
		has[task.Task.ID] = true
	}
	for id, s := range x.tasks {
		switch {
		case s.end != 0:
		case s.sent && !has[id]:
			s.end, s.reason = proffer.TaskDropped, proffer.ReasonAgentRestarted
		case !s.sent:
			s.sent = true
			x.master.send(run(s.info))
		default:
			x.kill(id)
		}
	}
	x.listed = len(m.Executors) > 0
	if s := x.tasks["handed"]; s.end != 0 && !x.listed {
		x.over = true // it ended while there was no agent, or was never there
	}
	x.endExecutor()
}

// kill kills a task that is to be killed and runs.
func (x *matrix) kill(id proffer.TaskID) {
	s := x.tasks[id]
	if !s.kill || s.end != 0 || s.told[s.last] == proffer.TaskStarting || s.last == 0 || id == "deaf" && !x.deaf {
		return
	}
	x.master.send(&protocol.KillTask{FrameworkID: "F1", TaskID: id})
}

// endExecutor ends the executor once its task has.
func (x *matrix) endExecutor() {
	s := x.tasks["handed"]
	if s.end == 0 {
		return
	}
	if !x.listed && s.end == proffer.TaskDropped {
		x.over = true // it was never there
		return
	}
	x.master.send(&protocol.ShutdownExecutor{FrameworkID: "F1", ExecutorID: "good"})
}

// fence is a task that there is not.
const fence = "fence"

func (x *matrix) updated(m *protocol.StatusUpdate) {
	status := m.Status
	if status.TaskID == fence {
		x.fenced = true
		return
	}
	s, n := x.tasks[status.TaskID], status.UpdateID
	if state, known := s.told[n]; known && state != status.State || !known && n != s.last+1 {
		x.Errorf("status %d %s comes after %v", n, status, s.told)
	}
	s.told[n], s.last = status.State, max(s.last, n)
	x.master.send(&protocol.Acknowledge{FrameworkID: m.FrameworkID, TaskID: status.TaskID, UpdateID: n})
	switch {
	case status.State.Terminal():
		if s.end != 0 && s.end != status.State {
			x.Errorf("%s ends as %s and as %s", status.TaskID, s.end, status.State)
		}
		s.end, s.reason = status.State, status.Reason
		x.endExecutor()
	case status.State == proffer.TaskRunning:
		x.kill(status.TaskID)
	}
}

func (x *matrix) done() bool {
	for _, s := range x.tasks {
		if s.end == 0 {
			return false
		}
	}
	return x.over
}

// check compares the world with what the master was told.
func (x *matrix) check() {
	for id, s := range x.tasks {
		b, _ := os.ReadFile(filepath.Join(x.dir, "ran", string(id)))
		starts := strings.Count(string(b), "started")
		neverRan := s.end == proffer.TaskDropped || s.reason == proffer.ReasonTaskKilledDuringLaunch
		switch {
		case s.info.Executor != nil:
			if s.end != proffer.TaskKilled && s.end != proffer.TaskDropped {
				x.Errorf("%s: %s (%s)", id, s.end, s.reason)
			}
		case starts > 1, neverRan && starts != 0, !s.kill && !neverRan && starts == 0:
			x.Errorf("%s: %s (%s), and it was started %d times", id, s.end, s.reason, starts)
		case id == "ends" && s.end != proffer.TaskFailed && s.end != proffer.TaskDropped,
			id != "ends" && s.end != proffer.TaskKilled && s.end != proffer.TaskDropped:
			x.Errorf("%s: %s (%s)", id, s.end, s.reason)
		}
	}
	x.checkLeft()
}

// checkLeft reports what is left: containers, processes, records.
func (x *matrix) checkLeft() {
	cz, err := process.New(process.Config{Root: filepath.Join(x.dir, "containers"), Cgroups: process.CgroupsOff})
	if err != nil {
		x.Fatal(err)
	}
	list, err := cz.List(x.Context())
	if err != nil {
		x.Error(err)
	}
	for _, c := range list {
		x.Errorf("container %s is left", c.ID)
	}
	if err := cz.Close(); err != nil {
		x.Error(err)
	}
	for _, p := range processesBelow(x.dir) {
		x.Errorf("process %s is left", p)
	}
	store, err := boltstore.Open(filepath.Join(x.dir, "work", "agent.db"))
	if err != nil {
		x.Fatal(err)
	}
	records, err := store.Load(x.Context())
	if err != nil {
		x.Error(err)
	}
	for key := range records {
		if key != "agent" && !strings.Contains(key, fence) {
			x.Errorf("record %s is left", key)
		}
	}
	if err := store.Close(); err != nil {
		x.Error(err)
	}
	sockets, err := filepath.Glob(filepath.Join(x.dir, "work", "sockets", "*"))
	if err != nil || len(sockets) > 0 {
		x.Errorf("sockets %q are left, %v", sockets, err)
	}
}

// processesBelow returns the processes whose directory is below dir.
func processesBelow(dir string) []string {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil // there is no way to tell
	}
	var found []string
	for _, e := range entries {
		cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd")) // of others' it is not told
		if strings.HasPrefix(cwd, dir+"/") {
			line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
			found = append(found, fmt.Sprintf("%s %q", e.Name(), line))
		}
	}
	return found
}
