package containerizertest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ProgramArgument is the first argument with which a program that imports this
// package takes a role in a test.
const ProgramArgument = "containerizertest-program"

// roles are what commands of the tests do that a shell cannot be relied on for.
var roles map[string]func(args []string) error

func init() {
	if len(os.Args) < 3 || os.Args[1] != ProgramArgument {
		return
	}
	roles = map[string]func(args []string) error{
		"args": printArgs, "env": printEnv, "flood": flood, "hog": hog, "sleep": sleep,
		"daemon": daemon, "detached": detached, "spawn": spawn, "mention": mention,
	}
	code := 0
	if err := roles[os.Args[2]](os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	// Not os.Exit, which in a binary built with -race waits a second.
	syscall.Exit(code)
}

func printArgs(args []string) error {
	for _, a := range args {
		fmt.Printf("%q\n", a)
	}
	return nil
}

func printEnv([]string) error {
	for _, e := range os.Environ() {
		fmt.Printf("%q\n", e)
	}
	return nil
}

// flood prints numbered lines of 64 bytes, args[0] bytes in all, and then says
// so in the file flooded.
func flood(args []string) error {
	total, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	block := make([]byte, 0, 1<<20)
	for written := 0; written < total; {
		block = block[:0]
		for len(block) < 1<<20 && written+len(block) < total {
			block = fmt.Appendf(block, "%062d.\n", written+len(block))
		}
		n, err := os.Stdout.Write(block)
		written += n
		if err != nil {
			return err
		}
	}
	return os.WriteFile("flooded", []byte("yes"), 0o600)
}

// hog takes memory until it is stopped.
func hog([]string) error {
	var taken [][]byte
	for {
		taken = append(taken, bytes.Repeat([]byte{1}, 1<<20))
		if len(taken) > 1<<14 {
			return fmt.Errorf("nobody minded %d MiB", len(taken))
		}
	}
}

func sleep([]string) error {
	signal.Ignore(syscall.SIGHUP)
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	<-c
	return nil
}

// mention writes its process id into the file args[0], whole at once, and
// sleeps.
func mention(args []string) error {
	temporary := args[0] + ".new"
	if err := os.WriteFile(temporary, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP) // before anybody knows whom to signal
	if err := os.Rename(temporary, args[0]); err != nil {
		return err
	}
	return sleep(nil)
}

// again is a command that takes another role of this program.
func again(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{ProgramArgument, role}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

// daemon leaves a child and a detached grandchild behind, which hold the
// output open. It ends when both have mentioned their ids.
func daemon([]string) error {
	child := again("mention", "child.pid")
	if err := child.Start(); err != nil {
		return err
	}
	middle := again("detached")
	middle.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := middle.Run(); err != nil {
		return err
	}
	return awaitFiles("child.pid", "daemon.pid")
}

// detached starts a process without waiting for it, in a session of its own
// and with an environment that tells nothing.
func detached([]string) error {
	cmd := again("mention", "daemon.pid")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Start()
}

// awaitFiles returns when all files exist. It looks in a loop: it is only a
// moment.
func awaitFiles(names ...string) error {
	for _, name := range names {
		for {
			if matches, err := filepath.Glob(name); err != nil || len(matches) > 0 {
				break
			}
		}
	}
	return nil
}

// spawn starts processes until that fails or there are args[0], and prints how
// many.
func spawn(args []string) error {
	most, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	n := 0
	for ; n < most; n++ {
		if err := exec.Command("/bin/sleep", "1000").Start(); err != nil {
			if !strings.Contains(err.Error(), syscall.EAGAIN.Error()) {
				return err
			}
			break
		}
	}
	fmt.Println(n)
	return nil
}
