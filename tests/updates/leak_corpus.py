"""Status updates as companies word them, without a leak; and what people under pressure have put into theirs.

The wording is that of public incident updates (hosting, payments, developer tools, mail, identity), shortened; every
name, number and address is made up.
"""

CLEAN = """\
We are investigating reports of elevated error rates when signing in. The next update will come by 14:50 UTC.
We are currently investigating this issue.
Some customers may see slow page loads and timeouts when opening the dashboard. We are looking into the cause.
We have identified the cause of the failed payments and are working on a fix. Payments that failed were not charged.
A fix has been implemented and we are monitoring the results.
We are seeing a recovery in all regions and continue to monitor. Queued e-mails are being delivered with a delay.
Between 09:12 UTC and 10:47 UTC, about 12% of API requests failed with an error. All requests now succeed.
Customers in Europe could not upload files for 35 minutes. Files that were uploaded before are safe.
Webhooks are delayed by up to 20 minutes. They will be delivered in order once the backlog has been worked through.
Search results may be out of date. New documents appear with a delay of up to one hour.
We are aware that the mobile app does not load for some users on version 8.4.1. The website is not affected.
Builds are queued for longer than usual. We have added capacity and the queue is getting shorter.
Our provider has confirmed a network problem between Frankfurt and Amsterdam. Traffic has been moved to another route.
Sign-in with single sign-on fails for some organisations. Sign-in with a password works.
This incident affects: Checkout, Refunds and Reports. Other products work as usual.
As of 16:05 CET all services are working normally. We will publish a summary within five business days.
Card payments by some issuers are declined more often than usual. Other methods of payment are not affected.
We continue to see intermittent errors for a small share of requests. The next update will come by 18:30 CEST.
Scheduled reports for Monday were sent late. No report was lost.
Customers who use the EU region may see error 503 when they create a project. Existing projects are not affected.
The database that serves search was overloaded after a configuration change. The change was taken back at 11:20 UTC.
Push notifications are delayed. Calls and messages are not affected.
You may have been signed out. Please sign in again; your data is safe.
Support by chat is not available at the moment. Please write to support@example.com.
A change to our load balancers caused the errors between 07:02 and 07:41 UTC. It has been rolled back.
We have rolled back a deployment that slowed down the dashboard, and response times are back to normal.
Downloads from the registry were slow for customers in Asia and Australia from 02:10 to 03:55 UTC.
Some invoices show a wrong VAT amount. We are correcting them and will send new ones by e-mail.
The status of some orders is not updated in real time. Orders themselves are processed as usual.
DNS changes are applied with a delay of about 15 minutes. Existing records resolve normally.
Video calls with more than 50 people may drop. Smaller calls work.
We are restoring service region by region: US East and US West are back, South America follows.
Exports to CSV and XLSX time out for large workspaces. Exports of up to 10,000 rows work.
Two-factor codes by SMS arrive late in Germany, Austria and Switzerland. Codes from an authenticator app work.
Customers cannot change their plan at the moment. Current subscriptions are not affected.
We are working with our upstream provider to restore connectivity. There is no estimate yet.
Requests to the API return 429 more often than they should. Please retry with a delay.
A certificate that had expired made sign-in fail for 22 minutes. It was renewed at 13:04 UTC.
TLS 1.2 connections from old clients were refused. They work again since 12:31 UTC.
Maps and geocoding return older results. We expect current results by 20:00 UTC.
Emails to addresses at a large mailbox provider bounce. We have contacted the provider.
The page https://status.example.com/history shows all past incidents.
Metrics from 08:00 to 08:40 UTC are missing from charts. Alerts were evaluated during that time.
Some customers saw data of their own workspace in a wrong order. No data was shown to anybody else.
Uploads over 100 MB fail. Smaller uploads work; the limit of 5 GB will apply again once this is solved.
We have increased capacity by 40% and latency has returned to its normal level of under 200 ms.
The incident from earlier today has come back for about 3 of 100 customers. We are investigating.
Queues are empty again and all jobs run on time. We keep watching for another hour.
New sign-ups are paused for the moment. Existing accounts are not affected.
Phone support in Japan is closed until 09:00 JST because of a power cut.
Git operations over SSH fail for some users; operations over HTTPS work.
Pull request pages load slowly. Comments and reviews are saved.
Runners for Linux are available again; runners for macOS start with a delay of 10 minutes.
Calendar invitations are not synchronised with external calendars. The app itself shows the right times.
Points that were collected on 3 March are not shown yet. They will be added until Friday.
Bank transfers that were sent after 15:00 CET arrive on the next business day.
The problem affected 1.5% of all deliveries. We are sorry for the trouble this has caused.
Customers with IPv6 connections could not reach the website from 05:20 to 05:48 UTC.
Streaming starts slowly on some TVs. Phones, tablets and browsers are not affected.
Voice assistants do not answer questions about orders. Orders can be seen in the app and on the website.
""".splitlines()

# (kind of finding, words that must be shown, text)
LEAKS = [
    ("placeholder", "{{ service }}", "We are investigating a problem with {{ service }}."),
    ("placeholder", "<service name>", "We are investigating a problem with <service name>."),
    ("placeholder", "TODO", "Payments fail for some customers. TODO: say how many."),
    ("placeholder", "TBD", "The next update will come by TBD."),
    ("placeholder", "XXX", "About XXX customers could not sign in."),
    ("placeholder", "____", "The cause was ____ and has been removed."),
    ("placeholder", "${REGION}", "Customers in ${REGION} see errors."),
    ("placeholder", "{% if x %}", "{% if x %}We are back."),
    ("secret", "AKIAIOSFODNN7EXAMPLE", "The key AKIAIOSFODNN7EXAMPLE was exposed and has been replaced."),
    ("secret", "ghp_abcdefghij0123456789ABCD", "Builds failed because ghp_abcdefghij0123456789ABCD had expired."),
    ("secret", "xoxb-123456789012-abcdef", "We restarted the bot with xoxb-123456789012-abcdef."),
    ("secret", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx", "Send the header eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx to test it."),
    ("secret", "password: Sommer2026!", "You can sign in with password: Sommer2026! until then."),
    ("secret", "api_key=4f3c2b1a99", "Requests with api_key=4f3c2b1a99 work."),
    ("secret", "Bearer 0a1b2c3d4e5f6a7b8c9d", "Use Bearer 0a1b2c3d4e5f6a7b8c9d in the meantime."),
    ("secret", "://app:s3cret@", "The app now connects to postgres://app:s3cret@db.example.com/shop."),
    ("secret", "-----BEGIN RSA PRIVATE KEY-----", "The certificate -----BEGIN RSA PRIVATE KEY----- was renewed."),
    ("secret", "9f86d081884c7d659a2feaa0c55ad015", "The token 9f86d081884c7d659a2feaa0c55ad015 is no longer valid."),
    ("secret", "glpat-abcdefghijklmnop1234", "We rotated glpat-abcdefghijklmnop1234."),
    ("secret", "token = 8d7f6a5b4c", "The integration works again with token = 8d7f6a5b4c."),
    ("address", "10.20.30.40", "Traffic to 10.20.30.40 was dropped."),
    ("address", "192.168.7.12", "We restarted 192.168.7.12 and errors went away."),
    ("address", "203.0.113.77", "Please allow 203.0.113.77 in your firewall logs, it is our jump host."),
    ("address", "2001:db8::8a2e:370:7334", "The peer 2001:db8::8a2e:370:7334 stopped announcing routes."),
    ("address", "fe80::1ff:fe23:4567:890a", "A loop at fe80::1ff:fe23:4567:890a caused the outage."),
    ("address", "00:1a:2b:3c:4d:5e", "The switch port of 00:1a:2b:3c:4d:5e was flapping."),
    ("host", "ledger.prod.internal", "The service ledger.prod.internal is slow."),
    ("host", "payments.svc.cluster.local", "Calls to payments.svc.cluster.local time out."),
    ("host", "db-01", "The primary database db-01 ran out of disk space."),
    ("host", "prod-web12", "We took prod-web12 out of the pool."),
    ("host", "kafka-3", "A broker, kafka-3, did not come back."),
    ("host", "redis7", "Sessions on redis7 were lost."),
    ("host", "checkout-7d9f8b6c5d-x2x9z", "checkout-7d9f8b6c5d-x2x9z restarted eleven times."),
    ("host", "i-0abc12345def67890", "The instance i-0abc12345def67890 failed its health check."),
    ("host", "arn:aws:s3:::billing-exports", "Exports in arn:aws:s3:::billing-exports are late."),
    ("host", "s3://acme-backups/daily", "Backups in s3://acme-backups/daily are complete."),
    ("host", "ip-10-0-3-17", "The node ip-10-0-3-17 lost its network."),
    ("host", "http://dashboards/d/checkout", "See http://dashboards/d/checkout for the current state."),
    ("host", "https://grafana.example.com/d/1", "Graphs are at https://grafana.example.com/d/1."),
    ("host", "https://jira.example.com/browse/PAY-1", "Details: https://jira.example.com/browse/PAY-1"),
    ("host", "https://wiki.example.com/oncall", "We follow https://wiki.example.com/oncall."),
    ("host", "localhost:8080", "The proxy answered from localhost:8080 instead."),
    ("host", "cache.example.net:6379", "Connections to cache.example.net:6379 were refused."),
    ("host", "#inc-checkout", "The team is in #inc-checkout."),
    ("host", "vm-204", "The hypervisor moved vm-204."),
    ("host", "lb2", "We drained lb2 and traffic recovered."),
    ("host", "vault.corp", "Certificates are issued by vault.corp."),
    ("path", "/var/log/payments/error.log", "The errors are in /var/log/payments/error.log."),
    ("path", "/etc/nginx/nginx.conf", "A wrong line in /etc/nginx/nginx.conf was removed."),
    ("path", "/data/pg/pg_wal", "The disk under /data/pg/pg_wal was full."),
    ("ticket", "PAY-4711", "The fix of PAY-4711 is being rolled out."),
    ("ticket", "INC0012345", "This is tracked as INC0012345."),
    ("ticket", "CHG0098765", "It began with CHG0098765."),
    ("ticket", "PR #812", "It was caused by PR #812."),
    ("ticket", "ticket 99321", "See ticket 99321 for details."),
    ("ticket", "OPS-12", "OPS-12 has the timeline."),
    ("ticket", "MR !345", "We took back MR !345."),
    ("ticket", "commit 3f2a9bc", "We went back to commit 3f2a9bc."),
    ("ticket", "build 8c1d2e3f4a", "The release, build 8c1d2e3f4a, has been withdrawn."),
    (
        "ticket",
        "123e4567-e89b-12d3-a456-426614174000",
        "Request 123e4567-e89b-12d3-a456-426614174000 failed.",
    ),
    ("person", "Ana", "Ana is looking into it and will report back."),
    ("person", "jens", "jens has restarted the service."),
    ("person", "maria.lopez@example.com", "Please contact maria.lopez@example.com."),
    ("person", "k.doe@example.co.uk", "Questions go to k.doe@example.co.uk."),
    ("person", "@sam", "@sam is on it."),
    ("person", "@maria.l", "Escalated to @maria.l."),
    ("person", "+49 170 1234567", "Call +49 170 1234567 if it gets worse."),
    ("person", "+1 (415) 555 0199", "The engineer can be reached at +1 (415) 555 0199."),
    ("customer", "Globex", "Globex and others cannot sign in."),
    ("customer", "Initech", "The import of Initech overloaded the queue."),
    ("customer", "Acme Bank", "Traffic of acme bank has been moved."),
    ("customer", "Umbrella", "We have told Umbrella by telephone."),
    ("cause", "a bad deploy of the cart", "The outage comes from a bad deploy of the cart."),
    ("cause", "A bad deploy of the cart", "A bad deploy of the cart has stopped checkout."),
    ("blame", "human error", "The outage was caused by human error."),
    ("blame", "operator mistake", "It was an operator mistake."),
    ("blame", "an engineer accidentally", "The table was lost when an engineer accidentally dropped it."),
    ("blame", "our intern broke", "Unfortunately our intern broke the build."),
    ("blame", "fat-fingered", "Somebody fat-fingered the command."),
    ("blame", "careless", "It was a careless change."),
    ("blame", "fault of", "This is the fault of our provider."),
    ("blame", "to blame", "The network team is to blame."),
    ("jargon", "OOMKilled", "The service was OOMKilled."),
    ("jargon", "p99", "The p99 is back to normal."),
    ("jargon", "5xx", "We saw many 5xx answers."),
    ("jargon", "pods", "All pods are running again."),
    ("jargon", "kubelet", "A kubelet did not report."),
    ("jargon", "CrashLoopBackOff", "The worker is in CrashLoopBackOff."),
    ("jargon", "split-brain", "The cluster had a split-brain."),
    ("jargon", "replication lag", "Reads are stale because of replication lag."),
    ("jargon", "SEV1", "This is a SEV1."),
    ("jargon", "hotfix", "A hotfix is on its way."),
    ("jargon", "feature flag", "We switched the feature flag off."),
    ("zone", "14:30", "It began at 14:30."),
    ("zone", "9:05", "The fix went out at 9:05 today."),
    ("zone", "23:59:59", "Data after 23:59:59 is missing."),
    ("promise", "will never happen again", "This will never happen again."),
    ("promise", "100% fixed", "The problem is 100% fixed."),
    ("phase", "is resolved", "The problem is resolved."),
    ("phase", "have been fixed", "All errors have been fixed."),
]
