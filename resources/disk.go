package resources

import (
	"errors"
	"fmt"
)

// DiskKind says where disk space comes from.
type DiskKind uint8

// The kinds of disks.
const (
	DiskRoot  DiskKind = iota // the agent's working directory; divisible
	DiskPath                  // another directory, Path; divisible
	DiskMount                 // a whole file system mounted at Path; indivisible and for one user at a time
)

// String returns the kind as Mesos writes it: ROOT, PATH or MOUNT.
func (k DiskKind) String() string {
	switch k {
	case DiskRoot:
		return "ROOT"
	case DiskPath:
		return "PATH"
	case DiskMount:
		return "MOUNT"
	default:
		return fmt.Sprintf("DiskKind(%d)", uint8(k))
	}
}

// DiskInfo is what disk space has beyond its size. Only the resource [Disk]
// has one.
type DiskInfo struct {
	Kind   DiskKind
	Path   string  // on the agent, of a path or mount disk; empty for root
	Volume *Volume // the persistent volume on it; nil for none
}

// Volume is a persistent volume: data that outlives tasks and agents. It takes
// all of its resource and is not divided.
type Volume struct {
	ID            string // unique among the volumes of a role on an agent
	Principal     string // who created it; empty where nobody is known
	ContainerPath string // where a container sees it
	ReadOnly      bool
}

// indivisible reports whether the disk is taken whole or not at all.
func (d *DiskInfo) indivisible() bool { return d.Kind == DiskMount || d.Volume != nil }

func (d *DiskInfo) validate() error {
	switch d.Kind {
	case DiskRoot:
		if d.Path != "" {
			return fmt.Errorf("root disk has the path %q: only path and mount disks have one", excerpt(d.Path))
		}
	case DiskPath, DiskMount:
		if d.Path == "" {
			return fmt.Errorf("%s disk has no path", d.Kind)
		}
	default:
		return fmt.Errorf("unknown kind of disk %d: want root, path or mount", d.Kind)
	}
	if err := validateText("disk path", d.Path); err != nil {
		return err
	}
	v := d.Volume
	if v == nil {
		return nil
	}
	if v.ID == "" {
		return errors.New("volume has no id")
	}
	if v.ContainerPath == "" {
		return fmt.Errorf("volume %q has no container path", excerpt(v.ID))
	}
	return errors.Join(validateText("volume id", v.ID), validateText("principal", v.Principal),
		validateText("container path", v.ContainerPath))
}

func (d *DiskInfo) clone() *DiskInfo {
	if d == nil {
		return nil
	}
	c := *d
	if d.Volume != nil {
		v := *d.Volume
		c.Volume = &v
	}
	return &c
}

func (d *DiskInfo) append(b []byte) []byte {
	if d == nil {
		return b
	}
	b = append(b, '[')
	if d.Kind != DiskRoot {
		b = append(append(b, d.Kind.String()...), ':')
		b = appendWord(b, d.Path)
	}
	if v := d.Volume; v != nil {
		if d.Kind != DiskRoot {
			b = append(b, ',')
		}
		b = appendWord(append(b, "VOLUME:"...), v.ID)
		if v.Principal != "" {
			b = appendWord(append(b, '@'), v.Principal)
		}
		b = appendWord(append(b, ':'), v.ContainerPath)
		if v.ReadOnly {
			b = append(b, ":ro"...)
		}
	}
	return append(b, ']')
}
