package compose

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/config"
)

const root = "../.."

// load reads docker-compose.yml as `docker compose` does, with the given file as .env.
func load(t *testing.T, envFile string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithEnvFiles(envFile), cli.WithDotEnv) // in this order, else the file is not read
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func loadExample(t *testing.T) *types.Project {
	t.Helper()
	project, err := load(t, filepath.Join(root, ".env.example"))
	require.NoError(t, err)
	return project
}

func TestServicesAndWhatTheyWaitFor(t *testing.T) {
	t.Parallel()
	const healthy, done = types.ServiceConditionHealthy, types.ServiceConditionCompletedSuccessfully
	ready := map[string]string{"migrate": done, "temporal-namespace": done, "s3": healthy}
	want := map[string]map[string]string{
		"api":                ready,
		"worker":             ready,
		"migrate":            {"mysql": healthy},
		"mysql":              {},
		"s3":                 {"s3-bucket": done},
		"s3-bucket":          {},
		"temporal":           {"temporal-schema": done},
		"temporal-mysql":     {},
		"temporal-schema":    {"temporal-mysql": healthy},
		"temporal-namespace": {"temporal": healthy},
		"temporal-ui":        {"temporal": healthy},
	}
	project := loadExample(t)
	got := map[string]map[string]string{}
	waitedFor := map[string]string{}
	for name, service := range project.Services {
		got[name] = map[string]string{}
		for on, dependency := range service.DependsOn {
			got[name][on] = dependency.Condition
			waitedFor[on] = dependency.Condition
		}
	}
	require.Equal(t, want, got)
	for name, condition := range waitedFor {
		service := project.Services[name]
		if condition == done {
			require.Equal(t, types.RestartPolicyNo, service.Restart, "%s runs once", name)
		} else {
			require.NotNil(t, service.HealthCheck, "%s is waited for", name)
		}
	}
}

func TestOneImageRunsApiWorkersAndMigration(t *testing.T) {
	t.Parallel()
	project := loadExample(t)
	for _, name := range []string{"api", "worker", "migrate"} {
		service := project.Services[name]
		require.Equal(t, "longhaul:local", service.Image)
		require.NotNil(t, service.Build, name)
		require.Equal(t, types.ShellCommand{name}, service.Command)
	}
	require.Equal(t, 2, *project.Services["worker"].Deploy.Replicas)
	require.FileExists(t, filepath.Join(project.Services["api"].Build.Context, "Dockerfile"))
}

func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^[a-z]+(/[a-z-]+)?:v?\d+\.\d+\.\d+(-[a-z]+)?$`)
	for name, service := range loadExample(t).Services {
		if service.Build == nil {
			require.Regexp(t, pinned, service.Image, name)
		}
	}
	dockerfile := read(t, "Dockerfile")
	images := regexp.MustCompile(`(?m)^FROM (?:--\S+ )?(\S+)`).FindAllStringSubmatch(dockerfile, -1)
	require.Len(t, images, 2)
	for _, image := range images {
		require.Regexp(t, pinned, image[1])
	}
}

// TestSettingsAreOnesThatTheProgramReads gives each service's environment to the program's own configuration.
func TestSettingsAreOnesThatTheProgramReads(t *testing.T) {
	for _, name := range []string{"api", "worker", "migrate"} {
		t.Run(name, func(t *testing.T) {
			var known settings
			parser, err := kong.New(&known)
			require.NoError(t, err)
			variables := []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
			for _, flag := range parser.Model.Flags {
				variables = append(variables, flag.Envs...)
			}
			for variable, value := range loadExample(t).Services[name].Environment {
				if strings.HasPrefix(variable, "LONGHAUL_PARTNER_") { // they name partners, of which there may be any
					all, err := config.Partners([]string{"LONGHAUL_PARTNER_MARKETPLACE_URL=https://x.example", "LONGHAUL_PARTNER_CARRIER_URL=https://x.example", variable + "=https://x.example"}, "")
					require.NoError(t, err)
					require.Len(t, all, 2)
					continue
				}
				require.Contains(t, variables, variable)
				if *value != "" { // the program takes an empty variable as none
					t.Setenv(variable, *value)
				}
			}

			_, err = parser.Parse(nil)
			require.NoError(t, err)
			require.NoError(t, known.Config.Resolve())
			require.Equal(t, "mysql://longhaul:change-me-1@mysql:3306/longhaul", known.Config.DatabaseURL)
			require.True(t, strings.HasPrefix(known.Config.BlobURL, "s3://longhaul?"), known.Config.BlobURL)
			if name == "api" {
				require.Equal(t, "0.0.0.0:8080", known.Config.HTTPAddr)
			}
		})
	}
}

type settings struct {
	Config config.Config `embed:""`
}

func TestPortsArePublishedToThisMachineOnly(t *testing.T) {
	t.Parallel()
	published := map[string][]string{}
	for name, service := range loadExample(t).Services {
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
			published[name] = append(published[name], port.Published)
		}
	}
	require.Equal(t, map[string][]string{"api": {"8080"}, "temporal": {"7233"}, "temporal-ui": {"8233"}}, published)
}

func TestDataIsKeptInNamedVolumes(t *testing.T) {
	t.Parallel()
	project := loadExample(t)
	for name, target := range map[string]string{"mysql": "/var/lib/mysql", "temporal-mysql": "/var/lib/mysql", "s3": "/data"} {
		require.True(t, slices.ContainsFunc(project.Services[name].Volumes, func(v types.ServiceVolumeConfig) bool {
			return v.Type == types.VolumeTypeVolume && v.Source == name && v.Target == target
		}), name)
	}
	require.ElementsMatch(t, []string{"mysql", "s3", "temporal-mysql"}, slices.Collect(maps.Keys(project.Volumes)))
}

func TestMountedFilesAreThere(t *testing.T) {
	t.Parallel()
	for name, service := range loadExample(t).Services {
		for _, v := range service.Volumes {
			if v.Type == types.VolumeTypeBind {
				require.True(t, v.ReadOnly, "%s writes to the source tree", name)
				_, err := os.Stat(v.Source)
				require.NoError(t, err, name)
			}
		}
	}
}

func TestTemporalsVersionsGoTogether(t *testing.T) {
	t.Parallel()
	services := loadExample(t).Services
	_, server, _ := strings.Cut(services["temporal"].Image, ":")
	for _, name := range []string{"temporal-schema", "temporal-namespace"} {
		require.Equal(t, "temporalio/admin-tools:"+server, services[name].Image, "tables and server of one version")
	}
}

func TestWithoutSecretsTheWayIsTold(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	_, err := load(t, empty)
	require.ErrorContains(t, err, "copy .env.example to .env")
}

func TestNoSecretIsWrittenIntoTheFile(t *testing.T) {
	t.Parallel()
	secret := regexp.MustCompile(`(?m)^\s+\S*(PASSWORD|PWD|SECRET)\S*:\s*(.*)$`)
	found := secret.FindAllStringSubmatch(read(t, "docker-compose.yml"), -1)
	require.NotEmpty(t, found)
	for _, line := range found {
		require.True(t, strings.HasPrefix(line[2], "${"), line[0])
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(content)
}
