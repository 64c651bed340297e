package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/proffer-go/proffer"
)

// sandboxes is where they are in the work directory.
const sandboxes = "sandboxes"

// newSandbox returns the directory for a new run of what is called name. An
// earlier one, of an agent before this, is left as it is. The directory itself
// is made by the containerizer, for the user of the command.
func (a *Agent) newSandbox(framework proffer.FrameworkID, name string) (string, error) {
	parent := filepath.Join(a.cfg.WorkDir, sandboxes, string(framework))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("make the sandbox's directory: %w", err)
	}
	dir := filepath.Join(parent, name)
	for n := 2; ; n++ {
		_, err := os.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return dir, nil
		}
		if err != nil {
			return "", fmt.Errorf("find a place for the sandbox: %w", err)
		}
		dir = fmt.Sprintf("%s~%d", filepath.Join(parent, name), n)
	}
}
