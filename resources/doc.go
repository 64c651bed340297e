// Package resources has the values that a cluster scheduler deals in, CPUs,
// memory, disks, ports and whatever else an agent has, and exact arithmetic on
// them.
//
// A [Resources] is what an agent has, an offer holds or a task needs. It is an
// immutable value: operations return a new one, and all are safe for
// concurrent use. Amounts are kept in thousandths as int64, so that nothing is
// ever lost to rounding. All operations are total. What cannot be done is an
// error or a false; nothing panics but the Must functions, and nothing is
// clamped, rounded or left out.
//
// # Values
//
// A resource has a name and a value of one of three kinds:
//
//   - a scalar, exact to a thousandth: cpus:0.5, mem:4096 (MiB)
//   - ranges of whole numbers, both ends included: ports:[31000-32000]
//   - a set of items: fpgas:{a,b}
//
// The names cpus, gpus, mem and disk are scalars (gpus whole ones), ports are
// ranges; any other name is of the kind that it is used with, but only of one
// within a Resources.
//
// Beyond its value a resource may be reserved (a stack of [Reservation]), be of
// a certain disk or a persistent volume ([DiskInfo]), be revocable or shared.
// Resources of one name merge when all of that is equal, and are kept apart
// otherwise: cpus:4;cpus(eng):2 has six CPUs, two of them for the role eng.
// Mount disks and volumes are indivisible: they are added, contained and
// subtracted whole. What exists once, such as a port or a volume, is never
// counted twice: adding it to where it is already is an error.
//
// # Text form
//
// [Parse] reads what [Resources.String] writes. It is that of Mesos's
// --resources flag; the parts that Mesos has in JSON only are an extension in
// the style of its logs:
//
//	cpus:24;mem:4GiB;ports:[31000-32000]            as in Mesos
//	cpus(eng):4                                     reserved in the agent's configuration
//	cpus(+eng@alice{team=blue}):4                   reserved at run time by alice, with a label
//	cpus(eng,+eng/backend):4                        a stack, outermost first
//	disk[PATH:/data]:100                            a directory, divisible
//	disk[MOUNT:/mnt/a]:100                          a file system, indivisible
//	disk(+eng)[MOUNT:/mnt/a,VOLUME:v1@alice:data]:5 a persistent volume seen at data
//	disk(eng)[VOLUME:v1:data:ro]:5<SHARED>*2        two uses of a shared, read-only one
//	cpus:2{REV}                                     revocable
//
// White space between tokens is skipped, as are empty parts. The grammar, in
// EBNF:
//
//	resources    = [ resource ] { ";" [ resource ] } .
//	resource     = name [ "(" reservations ")" ] [ "[" disk "]" ] ":" value [ "{REV}" ] [ "<SHARED>" ] [ "*" digits ] .
//	reservations = "*" | reservation { "," reservation } .        (* "*": none *)
//	reservation  = [ "+" ] role [ "@" principal ] [ "{" label { "," label } "}" ] .
//	label        = key [ "=" text ] .
//	disk         = source | volume | source "," volume .
//	source       = ( "PATH:" | "MOUNT:" ) path .
//	volume       = "VOLUME:" id [ "@" principal ] ":" path [ ":ro" ] .
//	value        = scalar | ranges | set .
//	scalar       = digits [ "." digits ] [ unit ] .               (* three decimals *)
//	unit         = "KiB" | "MiB" | "GiB" | "TiB" .                (* of mem and disk *)
//	ranges       = "[" [ range { "," range } ] "]" .
//	range        = digits [ "-" digits ] .
//	set          = "{" [ text { "," text } ] "}" .
//	role, principal, key, id, path = text .
//	text         = bare | quoted .
//	name, bare   = char { char } .
//	char         = letter | digit | "_" | "/" | "." | "-" .       (* of ASCII *)
//	quoted       = a Go string in double quotes .
//
// A text longer than [MaxTextLength] and a name longer than [MaxNameLength] are
// errors. JSON is that of Mesos's v1 API; see [Resources.MarshalJSON].
//
// # Quantities and attributes
//
// [Quantities] are amounts by name only: what quotas, shares and error texts
// deal in. [Attributes] describe an agent and are not consumed.
package resources
