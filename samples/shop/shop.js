/*
 * What is in the sample shop, and its pages. The calls of cs() are all a shop has to add: page views come by themselves.
 * A cart is kept in the tab; nothing is sold, and nothing is sent but by cs.js.
 */
const categories = { tea: 'Tea', home: 'Home', outdoors: 'Outdoors' };

// Pictures are one path each, drawn by hand on 100 by 80.
const products = [
  ['teapot', 'tea', 'Stoneware teapot', 38, '#7d9d8c', 'M30 34h36q6 0 6 8v4q0 18-24 18t-24-18v-4q0-8 6-8zM44 33q4-8 8 0zM72 40q14-2 10 10-3 6-12 4M26 48q-10-2-14-14',
    'Half a litre, glazed by hand in the green of the harbour. The lid stays where it is when you pour.'],
  ['mug', 'tea', 'Two-finger mug', 14.5, '#c98f5c', 'M34 26h28v30q0 6-6 6H40q-6 0-6-6zM62 34q12 0 12 9t-12 9', 'A quarter of a litre, and a handle for two fingers. It may go into the oven.'],
  ['assam', 'tea', 'Assam, loose, 250 g', 11.9, '#8a5a44', 'M34 24h32l4 40H30zM38 24q12-10 24 0M40 44h20M42 50h16', 'A malty black tea of the second flush. It stands milk, and it stands waiting.'],
  ['strainer', 'tea', 'Brass strainer', 9, '#b59a4c', 'M30 34h36q0 22-18 22t-18-22zM66 36l18-8M38 40h20M42 47h12', 'Fine enough for rooibos. It grows darker with the years, as brass does.'],
  ['blanket', 'home', 'Wool blanket', 89, '#6c7f9c', 'M24 26h44q8 0 8 8v26H32q-8 0-8-8zM24 36h44M24 46h44M36 60v6M46 60v6M56 60v6M66 60v6', 'Woven of the wool of hill sheep, 140 by 200. It smells of nothing, and does not itch.'],
  ['lamp', 'home', 'Reading lamp', 64, '#d0a24f', 'M40 20h22l8 20H32zM51 40v20M40 64q0-4 11-4t11 4z', 'Turns where you read, and not where you sleep. A bulb is with it.'],
  ['notebook', 'home', 'Sewn notebook', 12, '#a6655c', 'M32 20h32q4 0 4 4v36q0 4-4 4H32zM38 20v44M46 32h14M46 38h14', '192 pages that stay open, of paper that ink does not go through.'],
  ['candle', 'home', 'Beeswax candles, six', 16, '#caa66a', 'M38 34h8v30h-8zM54 40h8v24h-8zM42 33q-4-6 0-11 4 5 0 11M58 39q-4-6 0-11 4 5 0 11', 'Six hours each. They bend in summer, which does them no harm.'],
  ['jacket', 'outdoors', 'Rain jacket', 129, '#4f8796', 'M40 20q10 6 20 0l14 12-6 12-6-4v24H38V40l-6 4-6-12zM50 24v40', 'Waxed cotton, seams taped, a hood that a cap fits under. It can be waxed again.'],
  ['hat', 'outdoors', 'Wool hat', 24, '#9a5f74', 'M30 50q0-24 20-24t20 24zM28 50h44v9H28zM50 26q-4-6 0-8 4 2 0 8', 'Knitted twice as thick over the ears.'],
  ['flask', 'outdoors', 'Steel flask', 27.5, '#7a868c', 'M42 18h16v8l4 6v30q0 4-4 4H42q-4 0-4-4V32l4-6zM38 42h24', 'Keeps tea hot from the first train to the last. 0.7 litres.'],
  ['knife', 'outdoors', 'Pocket knife', 32, '#8f7a5a', 'M24 46q0-5 5-5h30v10H29q-5 0-5-5zM59 42l20-8q2 10-20 14', 'One blade, one handle of pear wood. It closes with a click.'],
].map(([id, category, name, price, colour, path, text]) => ({ id, category, name, price, colour, path, text }));

const wanted = new URLSearchParams(location.search);
const main = document.querySelector('main');
const cart = JSON.parse(sessionStorage.cart || '[]').map((id) => products.find((product) => product.id === id)).filter(Boolean);
const euros = (price) => price.toFixed(2) + ' €';
const total = () => cart.reduce((sum, product) => sum + product.price, 0);

function keep() {
  sessionStorage.cart = JSON.stringify(cart.map((product) => product.id));
  document.querySelector('.cart span').textContent = cart.length;
}

// element('p', {className: 'lead'}, 'text', ...): no text ever becomes markup.
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function picture(product) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 100 80');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', product.name);
  const shape = (kind, attributes) => {
    const part = document.createElementNS('http://www.w3.org/2000/svg', kind);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    svg.append(part);
  };
  shape('rect', { width: 100, height: 80, fill: product.colour, opacity: .28 });
  shape('circle', { cx: 50, cy: 42, r: 30, fill: product.colour, opacity: .3 });
  shape('path', { d: product.path, fill: '#fffdf8', stroke: product.colour, 'stroke-width': 2, 'stroke-linejoin': 'round', 'stroke-linecap': 'round' });
  return svg;
}

const tile = (product) => element('a', { className: 'item', href: 'product.html?id=' + product.id }, picture(product),
  element('div', {}, product.name, element('span', { className: 'price' }, euros(product.price))));
const grid = (some) => element('div', { className: 'grid' }, ...some.map(tile));
// What a call of cs() says of a product.
const members = (product) => ({ product_id: product.id, category_id: product.category, price: product.price, quantity: 1 });

const pages = {
  home() {
    main.append(element('h2', {}, 'In the window this week'), grid(products.filter((_, n) => n % 3 === 0)));
    for (const [id, name] of Object.entries(categories))
      main.append(element('h2', {}, element('a', { href: 'category.html?c=' + id }, name)), grid(products.filter((product) => product.category === id).slice(0, 4)));
  },
  category() {
    const id = wanted.get('c');
    const found = products.filter((product) => product.category === id);
    main.append(element('h1', {}, categories[id] || 'Not here'), element('p', { className: 'lead' }, found.length + ' things'), grid(found));
  },
  product() {
    const product = products.find(({ id }) => id === wanted.get('id'));
    if (!product) return main.append(element('h1', {}, 'Sold out, or never made'));
    cs('product_view', { product_id: product.id, category_id: product.category, price: product.price });
    const add = element('button', { id: 'add', onclick() {
      cart.push(product);
      keep();
      cs('add_to_cart', members(product));
      add.textContent = 'In the cart';
    } }, 'Put into the cart');
    main.append(element('div', { className: 'product' }, element('div', { className: 'picture' }, picture(product)),
      element('div', {}, element('h1', {}, product.name), element('p', {}, product.text), element('p', { className: 'price' }, euros(product.price)), add)),
    element('h2', {}, 'Beside it on the shelf'), grid(products.filter((other) => other.category === product.category && other !== product).slice(0, 4)));
  },
  search() {
    const words = wanted.get('q') || '';
    const found = products.filter(({ name, text }) => (name + text).toLowerCase().includes(words.toLowerCase().trim()));
    cs('search', { search_query: words });
    main.append(element('h1', {}, '“' + words + '”'), element('p', { className: 'lead' }, found.length ? found.length + ' found' : 'Nothing like that here.'), grid(found));
  },
  cart() {
    const draw = () => {
      main.replaceChildren(element('h1', {}, 'Your cart'));
      if (!cart.length) return main.append(element('p', { className: 'lead' }, 'Nothing in it yet.'));
      main.append(element('table', {}, element('tbody', {}, ...cart.map((product, place) => element('tr', {}, element('td', {}, product.name),
        element('td', {}, euros(product.price)), element('td', {}, element('button', { className: 'quiet', onclick() {
          cart.splice(place, 1);
          keep();
          cs('remove_from_cart', members(product));
          draw();
        } }, 'remove'))))), element('tfoot', {}, element('tr', {}, element('td', {}, 'Together'), element('td', {}, euros(total())), element('td')))),
      element('div', { className: 'actions' }, element('a', { className: 'button', id: 'checkout', href: 'checkout.html' }, 'To the checkout')));
    };
    draw();
  },
  checkout() {
    cs('checkout_start');
    main.append(element('h1', {}, 'Checkout'), element('p', { className: 'lead' }, cart.length + ' things, ' + euros(total())),
      element('form', { className: 'panel', onsubmit(event) {
        event.preventDefault();
        // One event for each product; the page is left at once, and none is lost.
        for (const product of cart.splice(0)) cs('purchase', members(product));
        keep();
        location.href = 'thanks.html';
      } }, element('label', {}, 'Name', element('input', { name: 'name', autocomplete: 'off' })),
      element('label', {}, 'Street and town', element('input', { name: 'address', autocomplete: 'off' })),
      element('button', { id: 'pay' }, 'Buy for ' + euros(total()))));
  },
  thanks() {
    main.append(element('h1', {}, 'Thank you'), element('p', { className: 'lead' }, 'Nothing has been sold, as this is a sample. Your parcel would be on its way.'));
  },
  login() {
    const who = sessionStorage.user;
    main.append(element('h1', {}, who ? 'Welcome, ' + who : 'Log in'), element('form', { className: 'panel', onsubmit(event) {
      event.preventDefault();
      sessionStorage.user = who ? '' : event.target.elements.user.value;
      cs('identify', sessionStorage.user || null);
      location.href = who ? 'login.html' : 'index.html';
    } }, ...(who ? [] : [element('label', {}, 'Any name will do', element('input', { name: 'user', required: true, autocomplete: 'off' }))]), element('button', {}, who ? 'Log out' : 'Log in')));
  },
};

keep();
document.querySelector('header form input').value = wanted.get('q') || '';
pages[document.body.dataset.page]();
