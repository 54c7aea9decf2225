# REES46's shop data as published: CSV with the columns event_time, event_type, product_id,
# category_id, category_code, brand, price, user_id, user_session.
#
#     cs-parse --from=csv --number=price --map-file=rees46-csv 2019-Oct.csv
#
# An event has no id: --event-id-from=user_session,event_time,event_type,product_id,price makes one.
#
# The same without jq, and faster:
#
#     cs-parse --from=csv --number=price --rename=session_id=user_session \
#         --recode=event_type:view=product_view,cart=add_to_cart 2019-Oct.csv

{view: "product_view", cart: "add_to_cart"} as $types
| .event_type |= if . == null then . else $types[.] // . end
| .session_id = .user_session
| del(.user_session)
