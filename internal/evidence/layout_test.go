package evidence

import "testing"

func TestLocate(t *testing.T) {
	for _, c := range []struct{ name, path, hint, original, host string }{
		{"kape_plain", "dest/C/Windows/System32/winevt/logs/Security.evtx", "", "C:/Windows/System32/winevt/logs/Security.evtx", ""},
		{"kape_time_and_host", "dest/2024-03-01T101112_ws-07/C/Windows/System32/config/SAM", "", "C:/Windows/System32/config/SAM", "ws-07"},
		{"kape_compact_time", "20240301T101112_PC01/C/$Extend/$J", "", "C:/$Extend/$J", "PC01"},
		{"kape_host_folder", "evidence/DC01/C/Users/ada/NTUSER.DAT", "", "C:/Users/ada/NTUSER.DAT", "DC01"},
		{"kape_host_then_time", "out/PC02/2024-03-01T101112/d/$MFT", "", "D:/$MFT", "PC02"},
		{"kape_zip", "2024-03-01T101112_PC03.zip!/C/Windows/INF/setupapi.dev.log", "", "C:/Windows/INF/setupapi.dev.log", "PC03"},
		{"kape_zip_in_folder", "evidence/PC04.zip!/C/Windows/x.evtx", "", "C:/Windows/x.evtx", "PC04"},
		{"kape_ordinary_folder", "evidence/triage2/C/Windows/x.evtx", "", "C:/Windows/x.evtx", ""},
		{"kape_top_folder_named_by_user", "acme-7/C/Windows/x.evtx", "", "C:/Windows/x.evtx", ""},
		{"kape_qualified", "in/pc01.example.com/C/Windows/x.evtx", "", "C:/Windows/x.evtx", "pc01.example.com"},
		{"letter_alone_says_little", "src/c/lib/x.evtx", "", "", ""},
		{"encoded_drive", "x/C%3A/anything/x.log", "", "C:/anything/x.log", ""},
		{"velociraptor_auto", "Collection-PC05-2024-03-01T10_11_12Z.zip!/uploads/auto/C%3A/Windows/System32/winevt/Logs/Microsoft-Windows-Sysmon%254Operational.evtx", "",
			"C:/Windows/System32/winevt/Logs/Microsoft-Windows-Sysmon%4Operational.evtx", "PC05"},
		{"velociraptor_ntfs", `Collection-pc-06.example.com-2024-03-01T10_11_12Z.zip!/uploads/ntfs/%5C%5C.%5CC%3A/$Extend/$UsnJrnl%3A$J`, "",
			"C:/$Extend/$UsnJrnl:$J", "pc-06.example.com"},
		{"velociraptor_linux", "Collection-web1-2024-03-01T10_11_12Z/uploads/file/var/log/auth.log", "", "/var/log/auth.log", "web1"},
		{"velociraptor_shadow_copy", "x/uploads/ntfs_vss/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy2/Windows/a", "",
			"//?/GLOBALROOT/Device/HarddiskVolumeShadowCopy2/Windows/a", ""},
		{"velociraptor_results", "Collection-PC05-2024-03-01T10_11_12Z.zip!/results/Windows.Sys.Users.json", "", "", "PC05"},
		{"velociraptor_no_time", "Collection-PC05.zip!/log.json", "", "", "PC05"},
		{"velociraptor_export", "PC07-C.1352adc54e292a23-F.CMJ8T1U2A1B2C.zip!/uploads/auto/C%3A/a", "", "C:/a", "PC07"},
		{"velociraptor_hint_wins", "Collection-PC05-2024-03-01T10_11_12Z.zip!/uploads/auto/C%3A/a", "pc05.example.com", "C:/a", "pc05.example.com"},
		{"uac_root", "uac-web-01-linux-20240301101112.tar.gz!/[root]/var/log/auth.log", "", "/var/log/auth.log", "web-01"},
		{"uac_output", "uac-web-01-linux-20240301101112.tar.gz!/live_response/process/ps.txt", "", "", "web-01"},
		{"uac_unpacked", "cases/uac-mac.example.com-macos-20240301101112/[root]/private/var/log/system.log", "", "/private/var/log/system.log", "mac.example.com"},
		{"uac_without_name", "x/[root]/etc/passwd", "", "/etc/passwd", ""},
		{"nothing", "logs/Security.evtx", "", "", ""},
		{"hint_alone", "logs/Security.evtx", "PC09", "", "PC09"},
	} {
		t.Run(c.name, func(t *testing.T) {
			original, host := locate(c.path, c.hint)
			if original != c.original || host != c.host {
				t.Errorf("locate(%q) = %q on %q, want %q on %q", c.path, original, host, c.original, c.host)
			}
		})
	}
}

func TestHintHost(t *testing.T) {
	for in, want := range map[string]string{
		`{"Hostname":"pc01","Fqdn":"pc01.example.com"}`:     "pc01.example.com",
		`{"client_id":"C.1","os_info":{"hostname":"pc02"}}`: "pc02",
		`{"Hostname":"<script>"}`:                           "",
		`[]`:                                                "",
		`{`:                                                 "",
	} {
		if got := hintHost([]byte(in)); got != want {
			t.Errorf("hintHost(%s) = %q, want %q", in, got, want)
		}
	}
}
