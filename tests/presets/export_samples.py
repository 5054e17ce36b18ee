"""A tiny export of each known tool, with its header line as the tool writes it, and the rows that it comes to."""

from __future__ import annotations

# ruff: noqa: E501 - header lines are as long as the tools write them
SAMPLES: dict[str, tuple[str, str, str]] = {
    "hubspot_deals": (
        "opportunities",
        """\
Record ID,Deal Name,Deal Stage,Close Date,Create Date,Amount,Deal owner,Pipeline,Is Closed Won,Deal probability,Original Traffic Source,Associated Company
1,First,Closed won,2026-03-04 10:00,2026-01-02 09:00,100.5,Ann,Sales,true,1,Email Marketing,Acme
2,Second,Closed lost,2026-03-05 10:00,2026-01-03 09:00,50,Bob,Sales,false,0,Direct Traffic,Beta
3,Third,Contract sent,2026-12-05 10:00,2026-01-04 09:00,,Bob,Sales,false,0.8,Paid Search,Beta
""",
        """\
opportunity_id,created_on,closed_on,outcome,amount,owner,customer_id,channel,expected_on
1,2026-01-02,2026-03-04,won,100.5,Ann,Acme,Email,2026-03-04
2,2026-01-03,2026-03-05,lost,50,Bob,Beta,Direct,2026-03-05
3,2026-01-04,,open,,Bob,Beta,Paid Search,2026-12-05
""",
    ),
    "hubspot_contacts": (
        "leads",
        """\
Record ID,First Name,Create Date,Lifecycle Stage,Original Traffic Source,Became a Marketing Qualified Lead Date,Became a Sales Qualified Lead Date,Became a Customer Date,Country/Region
9,Ann,2026-01-02 09:08,customer,Referrals,2026-01-05 10:00,2026-01-07 10:00,2026-02-01 08:00,France
10,Bob,2026-01-03 09:08,lead,Organic Search,,,,
""",
        """\
lead_id,created_on,channel,mql_on,sql_on,converted_on,region
9,2026-01-02,Referral,2026-01-05,2026-01-07,2026-02-01,France
10,2026-01-03,Organic Search,,,,
""",
    ),
    "google_ads_campaigns": (
        "spend",
        """\
Tag;Kampagne;Kampagnentyp;Währungscode;Impr.;Klicks;Kosten;Conversions
31.01.2026;Marke;Suche;EUR;6.275;313;1.764,16;4,79
31.01.2026;Bilder;Display;EUR;845;24;47,12;0,50
""",
        """\
spent_on,amount,channel,campaign,impressions,clicks,conversions,currency
2026-01-31,1764.16,Paid Search,Marke,6275,313,4.79,EUR
2026-01-31,47.12,Display,Bilder,845,24,0.5,EUR
""",
    ),
    "meta_ads": (
        "spend",
        """\
Campaign name,Day,Campaign delivery,Reach,Amount spent (USD),Impressions,Link clicks,Results,Reporting starts,Reporting ends
,,,,160.29,15344,184,4,2026-01-01,2026-01-02
Prospecting,2026-01-01,active,2353,91.14,3922,47,,2026-01-01,2026-01-01
Retargeting,2026-01-02,active,6853,69.15,11422,137,4,2026-01-02,2026-01-02
""",
        """\
spent_on,amount,channel,campaign,impressions,clicks,conversions,reach,currency
2026-01-01,91.14,Paid Social,Prospecting,3922,47,,2353,USD
2026-01-02,69.15,Paid Social,Retargeting,11422,137,4,6853,USD
""",
    ),
    "linkedin_ads": (
        "spend",
        """\
Start Date (in UTC),Account Name,Currency,Campaign Group Name,Campaign Name,Total Spent,Impressions,Clicks,Conversions
1/13/2026,Demo,USD,Group,Leads,123.86,4319,56,1
1/14/2026,Demo,USD,Group,Leads,99.00,4000,50,0
""",
        """\
spent_on,amount,channel,campaign,impressions,clicks,conversions,currency
2026-01-13,123.86,Paid Social,Leads,4319,56,1,USD
2026-01-14,99,Paid Social,Leads,4000,50,0,USD
""",
    ),
    "microsoft_ads_campaigns": (
        "spend",
        """\
Gregorian date,Account name,Campaign name,Currency code,Impressions,Clicks,Spend,Conversions
1/13/2026,Demo,Brand,USD,1000,10,12.50,1
1/14/2026,Demo,Brand,USD,900,9,11.50,0
""",
        """\
spent_on,amount,channel,campaign,impressions,clicks,conversions,currency
2026-01-13,12.5,Paid Search,Brand,1000,10,1,USD
2026-01-14,11.5,Paid Search,Brand,900,9,0,USD
""",
    ),
    "ga4_free_form": (
        "web_traffic",
        """\
Date,Session default channel group,Sessions,Total users,New users,Engaged sessions
20260101,Organic Search,27,22,15,16
20260102,Direct,142,116,81,85
""",
        """\
visited_on,visitors,sessions,channel
2026-01-01,22,27,Organic Search
2026-01-02,116,142,Direct
""",
    ),
    "ga4_bigquery": (
        "web_traffic",
        """\
date,session_default_channel_group,sessions,totalUsers
20260101,Organic Search,27,22
20260102,Direct,142,116
""",
        """\
visited_on,visitors,sessions,channel
2026-01-01,22,27,Organic Search
2026-01-02,116,142,Direct
""",
    ),
    "stripe_subscriptions": (
        "subscriptions",
        """\
id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),Trial End (UTC),Canceled At (UTC),Ended At (UTC),Cancel At Period End
s1,c1,Starter,1,eur,month,49.00,active,2026-01-02 10:00,2026-01-02 10:00,2026-09-02 10:00,2026-10-02 10:00,,,,false
s2,c2,Business,2,eur,year,9600.00,past_due,2026-01-03 10:00,2026-01-03 10:00,2026-01-03 10:00,2027-01-03 10:00,2026-01-17 10:00,,,false
s3,c3,Team,1,eur,month,199.00,trialing,2026-09-20 10:00,2026-09-20 10:00,2026-09-20 10:00,2026-10-04 10:00,2026-10-04 10:00,,,false
s4,c4,Team,1,eur,week,30.00,canceled,2026-01-31 23:30,2026-01-31 23:30,2026-03-01 10:00,2026-04-01 10:00,,2026-03-15 10:00,2026-04-01 10:00,false
s5,c5,Team,1,eur,month,199.00,canceled,2026-02-01 10:00,2026-02-01 10:00,2026-02-01 10:00,2026-02-15 10:00,2026-02-15 10:00,2026-02-10 10:00,2026-02-10 10:00,false
s6,c6,Team,1,eur,month,199.00,incomplete_expired,2026-02-01 10:00,2026-02-01 10:00,2026-02-01 10:00,2026-02-15 10:00,,,,false
s7,c7,Team,1,eur,month,199.00,active,2026-02-01 10:00,2026-02-01 10:00,2026-09-01 10:00,2026-10-01 10:00,,2026-09-10 10:00,,true
""",
        """\
customer_id,started_on,ended_on,mrr,plan,currency
c1,2026-01-02,,49,Starter,EUR
c2,2026-01-17,,800,Business,EUR
c3,2026-09-20,,0,Team,EUR
c4,2026-02-01,2026-04-01,130,Team,EUR
c5,2026-02-01,2026-02-10,0,Team,EUR
c7,2026-02-01,2026-10-01,199,Team,EUR
""",
    ),
    "stripe_invoices": (
        "invoices",
        """\
id,Amount Due,Billing,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Number,Paid,Subscription,Subtotal,Tax,Total,Amount Paid,Status
i1,49.00,charge_automatically,true,eur,c1,2026-03-31 23:30,,N1,true,s,49.00,0.00,49.00,49.00,paid
i2,59.00,send_invoice,true,eur,c2,2026-04-05 10:00,2026-05-05 10:00,N2,false,s,49.00,10.00,59.00,0.00,open
i3,59.00,send_invoice,true,eur,c2,2026-04-05 10:00,,N3,false,s,49.00,10.00,59.00,0.00,void
""",
        """\
invoice_id,issued_on,amount,due_on,paid_on,paid_amount,customer_id,currency
i1,2026-04-01,49,,2026-04-01,49,c1,EUR
i2,2026-04-05,59,2026-05-05,,,c2,EUR
""",
    ),
    "stripe_payments": (
        "orders",
        """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Customer ID,Customer Email,Status,Fee
ch1,2026-03-31 10:00:00,49.00,0.00,eur,true,c1,a@b.c,Paid,1.2
ch2,2026-04-01 10:00:00,50.00,20.00,eur,true,,B@b.c,Paid,1.2
ch3,2026-04-01 10:00:00,50.00,0.00,eur,false,c3,c@b.c,Failed,0
""",
        """\
order_id,ordered_on,customer_id,amount,currency
ch1,2026-03-31,c1,49,EUR
ch2,2026-04-01,b@b.c,50,EUR
ch2,2026-04-01,b@b.c,-20,EUR
""",
    ),
    "shopify_orders": (
        "orders",
        """\
Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Shipping Country,Cancelled at,Refunded Amount,Source
#1,A@x.com,paid,2026-01-02 23:55:11 +0100,EUR,138.80,0.00,22.16,138.80,2026-01-02 23:55:11 +0100,2,Poster,24.90,DE,,0.00,web
#1,a@x.com,,,,,,,,2026-01-02 23:55:11 +0100,1,Lamp,89.00,,,,
#2,b@x.com,partially_refunded,2026-01-03 10:00:00 +0100,EUR,12.50,4.90,2.00,17.40,2026-01-03 10:00:00 +0100,1,Mug,12.50,DE,,6.25,web
#3,c@x.com,voided,,EUR,10.00,0.00,1.60,10.00,2026-01-04 10:00:00 +0100,1,Mug,12.50,DE,2026-01-05 10:00:00 +0100,0.00,web
""",
        """\
order_id,ordered_on,customer_id,amount,region,currency
#1,2026-01-02,a@x.com,138.8,DE,EUR
#2,2026-01-03,b@x.com,12.5,DE,EUR
#2,2026-01-03,b@x.com,-6.25,DE,EUR
""",
    ),
    "woocommerce_orders": (
        "orders",
        """\
order_id,order_date,status,shipping_total,tax_total,order_total,order_currency,customer_id,billing_email,refunded_total
11,2026-01-02 10:00:00,wc-completed,5.00,19.00,124.00,EUR,3,A@x.com,0
12,2026-01-03 10:00:00,refunded,0.00,19.00,119.00,EUR,0,b@x.com,119.00
13,2026-01-03 10:00:00,cancelled,0.00,19.00,119.00,EUR,0,b@x.com,0
""",
        """\
order_id,ordered_on,customer_id,amount,currency
11,2026-01-02,a@x.com,100,EUR
12,2026-01-03,b@x.com,100,EUR
12,2026-01-03,b@x.com,-100,EUR
""",
    ),
    "woocommerce_orders_report": (
        "orders",
        """\
Date,Order #,N. Revenue,Status,Customer,Customer type,Product(s),Items sold
2026-01-02 10:00:00,11,100.00,completed,Ann,new,1× Mug,1
2026-01-03 10:00:00,12,50.00,failed,Bob,new,1× Mug,1
""",
        """\
order_id,ordered_on,customer_id,amount,quantity
11,2026-01-02,Ann,100,1
""",
    ),
    "surveymonkey_nps": (
        "surveys",
        """\
Respondent ID,Collector ID,Start Date,End Date,Email Address,How likely is it that you would recommend Demo to a friend or colleague?
,,,,,Response
118,44,01/13/2026 09:10:00 AM,01/13/2026 09:20:00 PM,a@x.com,9
119,44,01/14/2026 09:10:00 AM,01/14/2026 09:20:00 AM,,0 - Not at all likely
120,44,01/15/2026 09:10:00 AM,01/15/2026 09:20:00 AM,,
""",
        """\
answered_on,score,kind,customer_id
2026-01-13,9,nps,a@x.com
2026-01-14,0,nps,
""",
    ),
    "typeform_nps": (
        "surveys",
        """\
#,"How likely are you to recommend us to a friend?",Response Type,Start Date (UTC),Submit Date (UTC),Network ID
t1,9,completed,2026-01-13 09:10:00,2026-01-13 23:30:00,n1
t2,3,started,2026-01-14 09:10:00,2026-01-14 09:30:00,n1
""",
        """\
answered_on,score,kind
2026-01-14,9,nps
""",
    ),
    "zendesk_tickets": (
        "tickets",
        """\
Id,Requester,Status,Via,Group,Assignee,Created at,Solved at,Satisfaction Score
9000,x,Closed,Web form,Support,Cleo,2026-07-23 10:35:00 +0200,2026-07-23 13:35:29 +0200,Good
9001,x,Open,Chat,Support,Ben,2026-07-24 10:35:00 +0200,,Offered
9002,x,Deleted,Chat,Support,Ben,2026-07-24 10:35:00 +0200,,Offered
""",
        """\
ticket_id,opened_on,resolved_on,csat,agent,channel
9000,2026-07-23 10:35:00,2026-07-23 13:35:29,5,Cleo,Web form
9001,2026-07-24 10:35:00,,,Ben,Chat
""",
    ),
    "freshdesk_tickets": (
        "tickets",
        """\
Ticket ID,Subject,Status,Priority,Source,Agent,Group,Created time,Resolved time,Closed time,Resolution time (in hrs),Survey results
1,Help,Closed,Low,Email,Ann,Support,2026-07-23 10:35:00,2026-07-23 13:35:00,2026-07-24 13:35:00,03:00:00,Extremely Happy
2,Help,Open,Low,Phone,Ann,Support,2026-07-24 10:35:00,,,,
""",
        """\
ticket_id,opened_on,resolved_on,csat,agent,channel
1,2026-07-23 10:35:00,2026-07-23 13:35:00,5,Ann,Email
2,2026-07-24 10:35:00,,,Ann,Phone
""",
    ),
    "salesforce_opportunities": (
        "opportunities",
        """\
"Opportunity Owner","Account Name","Opportunity Name","Stage","Amount Currency","Amount","Probability (%)","Close Date","Created Date","Lead Source","Type","Closed","Won"
"Ann","Acme","Acme-1","Closed Won","USD","31637.87","100","7/16/2025","5/27/2025","Web","New","1","1"
"Bob","Beta","Beta-1","Closed Lost","USD","10.50","0","7/17/2025","5/28/2025","Web","New","1","0"
"Bob","Beta","Beta-2","Proposal","USD","","40","12/17/2025","5/29/2025","Trade Show","New","0","0"
""",
        """\
opportunity_id,created_on,closed_on,outcome,amount,owner,customer_id,channel,currency,product
Acme-1 / Acme / 2025-05-27,2025-05-27,2025-07-16,won,31637.87,Ann,Acme,Web,USD,New
Beta-1 / Beta / 2025-05-28,2025-05-28,2025-07-17,lost,10.5,Bob,Beta,Web,USD,New
Beta-2 / Beta / 2025-05-29,2025-05-29,,open,,Bob,Beta,Trade Show,USD,New
""",
    ),
    "salesforce_leads": (
        "leads",
        """\
Lead ID,First Name,Last Name,Company / Account,Lead Source,Lead Status,Created Date,Converted,Converted Date
00Q1,Ann,A,Acme,Web,Qualified,1/13/2026,1,2/14/2026
00Q2,Bob,B,Beta,Phone,New,1/14/2026,0,
""",
        """\
lead_id,created_on,channel,sql_on
00Q1,2026-01-13,Web,2026-02-14
00Q2,2026-01-14,Phone,
""",
    ),
    "pipedrive_deals": (
        "opportunities",
        """\
Deal - ID,Deal - Title,Deal - Status,Deal - Value,Deal - Currency of value,Deal - Owner,Deal - Organization,Deal - Stage,Deal - Deal created,Deal - Won time,Deal - Lost time,Deal - Expected close date
1,First,Won,100,EUR,Ann,Acme,Proposal,2026-01-02 09:00:00,2026-02-03 09:00:00,,2026-02-01
2,Second,Lost,50,EUR,Ann,Beta,Proposal,2026-01-03 09:00:00,,2026-02-04 09:00:00,
3,Third,Open,70,EUR,Ann,Beta,Proposal,2026-01-04 09:00:00,,,2026-12-01
4,Fourth,Deleted,70,EUR,Ann,Beta,Proposal,2026-01-04 09:00:00,,,
""",
        """\
opportunity_id,created_on,closed_on,outcome,amount,owner,customer_id,currency,expected_on
1,2026-01-02,2026-02-03,won,100,Ann,Acme,EUR,2026-02-01
2,2026-01-03,2026-02-04,lost,50,Ann,Beta,EUR,
3,2026-01-04,,open,70,Ann,Beta,EUR,2026-12-01
""",
    ),
    "chargebee_subscriptions": (
        "subscriptions",
        """\
subscriptions.id,customers.id,subscriptions.plan_id,subscriptions.plan_quantity,subscriptions.plan_unit_price,subscriptions.billing_period,subscriptions.billing_period_unit,subscriptions.status,subscriptions.started_at,subscriptions.activated_at,subscriptions.cancelled_at,subscriptions.currency_code
s1,c1,team,2,600,1,year,active,2026-01-02 10:00:00,2026-01-16 10:00:00,,EUR
s2,c2,team,1,60,1,month,in_trial,2026-01-02 10:00:00,,,EUR
s3,c3,team,1,60,3,month,cancelled,2026-01-02 10:00:00,2026-01-02 10:00:00,2026-03-02 10:00:00,EUR
""",
        """\
customer_id,started_on,ended_on,mrr,plan,currency
c1,2026-01-16,,100,team,EUR
c2,2026-01-02,,0,team,EUR
c3,2026-01-02,2026-03-02,20,team,EUR
""",
    ),
    "recurly_subscriptions": (
        "subscriptions",
        """\
subscription_uuid,account_code,plan_code,state,quantity,unit_amount,currency,plan_interval_unit,plan_interval_length,activated_at,canceled_at,expires_at,trial_ends_at
u1,c1,team,active,2,600,EUR,months,12,2026-01-02 10:00:00,,,
u2,c2,team,expired,1,60,EUR,months,1,2026-01-02 10:00:00,2026-02-20 10:00:00,2026-03-02 10:00:00,2026-01-16 10:00:00
""",
        """\
customer_id,started_on,ended_on,mrr,plan,currency
c1,2026-01-02,,100,team,EUR
c2,2026-01-16,2026-03-02,60,team,EUR
""",
    ),
    "bamboohr_employees": (
        "employees",
        """\
Employee #,"Last Name, First Name",Status,Hire Date,Termination Date,Termination Type,Department
1000,"A, B",Active,9/25/2019,,,R&D
1001,"C, D",Inactive,9/26/2019,1/31/2026,Resignation (Voluntary),Ops
1002,"E, F",Inactive,9/27/2019,2/28/2026,Termination (Involuntary),Ops
""",
        """\
employee_id,hired_on,left_on,left_voluntarily,department
1000,2019-09-25,,,R&D
1001,2019-09-26,2026-01-31,True,Ops
1002,2019-09-27,2026-02-28,False,Ops
""",
    ),
    "personio_employees": (
        "employees",
        """\
Personalnummer;Vorname;Nachname;Status;Abteilung;Einstellungsdatum;Austrittsdatum;Art der Kündigung;Wochenstunden
0;A;B;Aktiv;Fertigung;25.09.2019;;;38,5
1;C;D;Inaktiv;Vertrieb;26.09.2019;31.01.2026;Arbeitnehmerkündigung;38,5
2;E;F;Inaktiv;Vertrieb;27.09.2019;28.02.2026;Arbeitgeberkündigung;38,5
""",
        """\
employee_id,hired_on,left_on,left_voluntarily,department
0,2019-09-25,,,Fertigung
1,2019-09-26,2026-01-31,True,Vertrieb
2,2019-09-27,2026-02-28,False,Vertrieb
""",
    ),
    "rechnungsausgangsbuch": (
        "invoices",
        """\
Rechnungsnr.;Rechnungsdatum;Kundennr.;Netto;MwSt;Brutto;Fällig am;Bezahlt am;Zahlbetrag
RE-1;13.01.2026;10009;1.000,00;190,00;1.190,00;12.02.2026;10.02.2026;1.190,00
RE-2;14.01.2026;10010;200,00;38,00;238,00;13.02.2026;;
""",
        """\
invoice_id,issued_on,amount,due_on,paid_on,paid_amount,customer_id
RE-1,2026-01-13,1000,2026-02-12,2026-02-10,1000,10009
RE-2,2026-01-14,200,2026-02-13,,,10010
""",
    ),
    "datev_buchungsstapel": (
        "ledger",
        """\
"EXTF";700;21;"Buchungsstapel";13;20270105120000000;;"RE";"";"";1001;1;20250701;4;20250701;20260630;"Buchungen";"";1;0;0;"EUR"
Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;WKZ Basis-Umsatz;Konto;Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;Buchungstext
1000,00;H;EUR;;;;8400;10000;;0107;RE1;Erlöse
500,00;S;EUR;;;;10001;8400;;1501;RE2;Erlöse
50,00;H;EUR;;;;10001;8400;;1601;RE3;Storno
200,00;S;EUR;;;;3400;70000;;3112;RE4;Waren
30,00;S;EUR;;;;4830;0480;;3006;AFA;Abschreibung
70,00;S;EUR;;;;1200;10000;;0101;Z;Zahlung
""",
        """\
booked_on,account,amount,currency
2025-07-01,revenue,1000,EUR
2025-12-31,cogs,200,EUR
2026-06-30,depreciation,30,EUR
2026-01-15,revenue,500,EUR
2026-01-16,revenue,-50,EUR
""",
    ),
}
