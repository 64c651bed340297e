package process

import (
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
)

func BenchmarkLaunchWait(b *testing.B) {
	for _, test := range []struct {
		name string
		cfg  func() Config
	}{
		{"temporary", func() Config { return Config{} }},
		{"temporary,cgroups=off", func() Config { return Config{Cgroups: CgroupsOff} }},
		{"durable", func() Config { return Config{Root: b.TempDir()} }},
	} {
		b.Run(test.name, func(b *testing.B) {
			c, err := New(test.cfg())
			if err != nil {
				b.Fatal(err)
			}
			box := b.TempDir()
			for b.Loop() {
				spec := containerizer.Spec{ID: "x", Command: proffer.Args("true"), Sandbox: box}
				if _, err := c.Launch(b.Context(), spec); err != nil {
					b.Fatal(err)
				}
				if _, err := c.Wait(b.Context(), "x"); err != nil {
					b.Fatal(err)
				}
				if err := c.Remove(b.Context(), "x"); err != nil {
					b.Fatal(err)
				}
			}
			if err := c.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
