# Homebrew: packaging/homebrew/install, which takes what is committed here.
#
# url and sha256 are those of `make dist`, written here when a release is made; until then there is only --HEAD.
class Clickstream < Formula
  desc "Live e-commerce clickstream analytics on pipes"
  homepage "https://clickstream.example.org"
  license "MIT"
  head "https://clickstream.example.org/clickstream.git", branch: "main"

  depends_on "coreutils" => :build
  depends_on "gnu-sed" => :build
  depends_on "make" => :build
  depends_on "bash"
  depends_on "jq"
  depends_on "libmicrohttpd"
  depends_on "libunistring"
  depends_on "nettle"
  depends_on "xxhash"
  uses_from_macos "ncurses"
  uses_from_macos "zlib"

  def install
    %w[coreutils gnu-sed make].each { |name| ENV.prepend_path "PATH", Formula[name].opt_libexec/"gnubin" }
    system "make", "install-strip", "prefix=#{prefix}", "UNITDIR=#{pkgshare}/systemd",
           "SYSUSERS=#{pkgshare}/systemd", "TMPFILES=#{pkgshare}/systemd"
  end

  def caveats
    <<~TEXT
      cs-run and cs-ship talk to Kafka through kcat: brew install kcat
      With a libjq that cannot be made to count steps, as here, the clock alone limits what an expression may
      cost: --explain says so.
    TEXT
  end

  test do
    event = '{"event_id":"1","session_id":"a","event_type":"product_view","event_time":"2026-02-06T00:00:38Z"}'
    assert_match '"product_views":1', pipe_output("#{bin}/cs-funnel", "#{event}\n")
  end
end
